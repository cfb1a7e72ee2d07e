"""A text that no engine survives: found, named and flagged, and the others translated as ever."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_families import made_up_lines

from multiyoucook2.engines.base import Candidate, EngineFailed, Search, Source
from multiyoucook2.errors import ModelError
from multiyoucook2.runners.local import Local
from multiyoucook2.translation.batches import Item
from multiyoucook2.translation.engine_task import EngineTask
from multiyoucook2.translation.isolating import MOST, run_batches
from multiyoucook2.translation.ladder import Outcome

from .test_scheduler import Double, german, run

SEARCH = Search(beam_size=1, length_penalty=1.0, output_factor=2.0, output_extra=8)


class Poisoned(Double):
    """Fails at every batch with one of some texts in it."""

    def __init__(self, *poison: str) -> None:
        super().__init__(german)
        self.poison, self.calls = {(*text.split(), "</s>") for text in poison}, 0

    def translate(self, batch: Sequence[Source], search: Search) -> list[tuple[Candidate, ...]]:
        self.calls += 1
        if any(source.tokens in self.poison for source in batch):
            raise EngineFailed("bad token")
        return super().translate(batch, search)


def test_poisoned_text_is_named_and_flagged_and_tried_again_by_the_next_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    texts = made_up_lines(60)
    sound = run(tmp_path / "sound", texts, Double(german), batch_tokens=128)
    with caplog.at_level(logging.WARNING):
        outcomes = run(tmp_path, texts, Poisoned(texts[7], texts[30]), batch_tokens=128)
    lost = {texts[7]: Outcome("", None, ("empty", "failed"), 0), texts[30]: Outcome("", None, ("empty", "failed"), 0)}
    assert outcomes == sound | lost
    assert sum("which stays untranslated: bad token" in line for line in caplog.messages) == 2
    assert any(texts[7] in line for line in caplog.messages)
    again = Double(german)
    assert run(tmp_path, texts, again, batch_tokens=128) == sound
    assert len(again.batches) <= 2  # the batches that had them; the others are remembered


def test_engine_that_fails_at_everything_ends_the_run(tmp_path: Path) -> None:
    few, many = made_up_lines(3), made_up_lines(3000)
    with pytest.raises(ModelError, match="bad token"):
        run(tmp_path, few, Poisoned(*few))
    broken = Poisoned(*many)
    with pytest.raises(ModelError, match="bad token") as caught:
        run(tmp_path, many, broken, batch_tokens=64)
    assert broken.calls <= MOST + 4  # not once a text
    assert "--device cpu" in caught.value.hint


def test_engine_that_fails_at_many_texts_ends_the_run(tmp_path: Path) -> None:
    texts = made_up_lines(200)
    with pytest.raises(ModelError, match="bad token"):
        run(tmp_path, texts, Poisoned(*texts[: 2 * MOST]))


@settings(max_examples=40)
@given(st.lists(st.integers(1, 9), max_size=8), st.sets(st.integers(0, 60), max_size=8))
def test_each_batch_comes_back_whole_and_in_its_order(sizes: list[int], poison: set[int]) -> None:
    names = iter(range(100))
    batches = [
        tuple(Item(f"t{n}", Source((f"t{n}", "</s>"), after=1)) for n in (next(names) for _ in range(size)))
        for size in sizes
    ]
    engine = Poisoned(*(f"t{number}" for number in poison))
    found = dict(run_batches(batches, SEARCH, EngineTask(lambda: engine), Local()))
    assert sorted(found) == list(range(len(batches)))
    for number, batch in enumerate(batches):
        texts = ["" if int(item.text[1:]) in poison else f"{item.text}en" for item in batch]
        assert [row[0].text for row in found[number]] == texts
