"""The planner: a partition of the list, within its limit, blind to the order that the list came in."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from multiyoucook2.engines.base import Source
from multiyoucook2.translation.batches import Item, plan_batches

ITEMS = st.lists(
    st.builds(lambda text, length: Item(text, Source(("t",) * length)), st.text(max_size=4), st.integers(1, 40)),
    unique_by=lambda item: item.text,
    max_size=60,
)


@given(ITEMS, st.integers(1, 100))
def test_each_item_once_and_no_batch_too_large(items: list[Item], limit: int) -> None:
    batches = plan_batches(items, limit)
    assert sorted(item.text for batch in batches for item in batch) == sorted(item.text for item in items)
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(len(item.source.tokens) for item in batch) <= limit


@given(ITEMS, st.integers(1, 100), st.randoms())
def test_order_of_the_list_does_not_matter(items: list[Item], limit: int, rng: object) -> None:
    shuffled = list(items)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert plan_batches(shuffled, limit) == plan_batches(items, limit)


@given(ITEMS, st.integers(1, 100))
def test_batches_are_greedy_runs_of_the_sorted_list(items: list[Item], limit: int) -> None:
    batches = plan_batches(items, limit)[::-1]
    flat = [item for batch in batches for item in batch]
    assert flat == sorted(items, key=lambda item: (len(item.source.tokens), item.text))
    for batch, following in pairwise(batches):
        assert (len(batch) + 1) * len(following[0].source.tokens) > limit  # the next item did not fit any more


def test_worked_example() -> None:
    lengths = {"b": 3, "a": 3, "long": 9, "c": 4, "one": 1}
    items = [Item(text, Source(("t",) * length)) for text, length in lengths.items()]
    texts = [[item.text for item in batch] for batch in plan_batches(items, 9)]
    assert texts == [["long"], ["c"], ["one", "a", "b"]]
