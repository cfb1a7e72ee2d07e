"""The training text does not hold the bundled corpus, near copies included."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.mini_nmt.grammar import Sampler
from pipelines.mini_nmt.leakage import LeakFilter, common_subsequence, leaks, mini_captions, words
from pipelines.mini_nmt.text import grammar_pairs, handwritten_pairs


def slow_subsequence(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """The definition, written as a recursion."""

    @cache
    def best(i: int, j: int) -> int:
        if i == len(a) or j == len(b):
            return 0
        return 1 + best(i + 1, j + 1) if a[i] == b[j] else max(best(i + 1, j), best(i, j + 1))

    return best(0, 0)


@given(st.lists(st.sampled_from("abcd"), max_size=9), st.lists(st.sampled_from("abcd"), max_size=9))
def test_common_subsequence(a: list[str], b: list[str]) -> None:
    assert common_subsequence(a, b) == slow_subsequence(tuple(a), tuple(b))


def test_two_thirds_is_the_limit() -> None:
    caption = "rub lamb cumin salt garlic oil"
    assert not leaks("rub lamb with cumin and salt", caption)  # four words of six
    assert leaks("rub lamb with cumin salt and garlic", caption)  # five of six
    assert not leaks("garlic salt cumin lamb rub", caption)  # the order counts


def test_filter_agrees_with_the_definition() -> None:
    captions = mini_captions()
    guard = LeakFilter(captions)
    sampler = Sampler(seed=11)
    sentences = [sampler.caption().english for _ in range(150)]
    # Captions with a word or a third of their words taken out are near copies and must be found.
    for caption in captions[::6]:
        tokens = words(caption)
        sentences += [caption, " ".join(tokens[1:]), " ".join(tokens[: len(tokens) // 2])]
    found = [guard.caption_in(sentence) is not None for sentence in sentences]
    assert found == [any(leaks(sentence, caption) for caption in captions) for sentence in sentences]
    assert sum(found) >= 100


def test_a_caption_of_small_words_cannot_be_guarded() -> None:
    with pytest.raises(ValueError, match="too few content words"):
        LeakFilter(["cook it in the"])


def test_training_text_is_clean() -> None:
    captions = mini_captions()
    pairs = [*grammar_pairs("de", 5200, 200, seed=3)[-300:], *handwritten_pairs("de")[::12]]
    assert len(pairs) > 250
    assert not [english for _, _, english, _ in pairs if any(leaks(english, caption) for caption in captions)]
