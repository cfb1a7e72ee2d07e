"""Repair: the better rival is taken, nothing gets worse, and the path is written down."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.quality.repair import repair_table
from multiyoucook2.quality.settings import Checks, Repair
from multiyoucook2.quality.table import judge
from multiyoucook2.translation.engine_task import EngineTask
from multiyoucook2.translation.nbest import Choice, n_best
from multiyoucook2.translation.parts import split_parts
from multiyoucook2.translation.table import OpenEngine
from tests.quality.test_checks import english_of, translations
from tests.quality.test_signals import corpus

CAPTION = "chop the onions and leeks"
WRONG = "Zwiebeln und Zwiebeln hacken"
RIGHT = "Zwiebeln und Lauch hacken"


def tables() -> tuple[pa.Table, pa.Table]:
    """The wrong row first, then the sound corpus, which lacks the right translation of its caption."""
    rest = [pair for pair in corpus() if pair[1] != RIGHT]
    captions = english_of(CAPTION, *(english for english, _ in rest))
    return captions, translations("de", WRONG, *(german for _, german in rest))


def rivals(*texts: str) -> "list[Choice]":
    return [Choice(text, -0.1 * place, (), "n-best") for place, text in enumerate(texts, 1)]


def repaired(*texts: str) -> tuple[list[str], dict[str, object]]:
    """The captions that were asked for, and the first row afterwards."""
    captions, german = tables()
    asked: list[str] = []

    def choices(wanted: Sequence[str]) -> dict[str, list[Choice]]:
        asked.extend(wanted)
        return {text: rivals(*texts) for text in wanted}

    after = repair_table(captions, german, "de", Repair(below=0.5), choices)
    assert after.schema == german.schema
    assert after.slice(1).equals(german.slice(1))
    return asked, after.to_pylist()[0]


def test_the_better_rival_is_taken_and_its_path_kept() -> None:
    asked, row = repaired("Zwiebeln hacken", RIGHT, "Lauch hacken")
    assert asked == [CAPTION]
    assert row["text"] == RIGHT
    assert row["flags"] == ["repaired:n-best"]
    assert row["retries"] == 1


def test_a_row_without_a_better_rival_stays() -> None:
    _, row = repaired(WRONG, "Mehl anbraten", "")
    assert row["text"] == WRONG
    assert row["flags"] == []
    assert row["retries"] == 0


def test_a_rival_that_a_check_refuses_is_never_taken() -> None:
    _, row = repaired(f"3 {RIGHT}", f"<unk> {RIGHT}", CAPTION)
    assert row["text"] == WRONG


def test_quality_does_not_fall() -> None:
    captions, german = tables()
    after = repair_table(captions, german, "de", Repair(below=0.5), lambda texts: {t: rivals(RIGHT) for t in texts})
    before, now = (judge(captions, table, "de", Checks()).quality["quality"].to_pylist() for table in (german, after))
    assert now[0] > before[0] + 0.05
    assert min(b - a for a, b in zip(before[1:], now[1:], strict=True)) > -0.05


def test_choices_of_a_real_engine(tiny_model: Path, tmp_path: Path) -> None:
    """Several outputs a text, the best first; a text with parts has the joined one too; doubles once."""
    engine = resolve(str(tiny_model), "de", source_lang="en", cache_dir=tmp_path, offline=True)
    decoding = Decoding(beam_size=2, max_length_factor=1.0, max_length_extra=4)
    texts = ["chop the onion", "chop the onion and fry the red garlic", "chop the onion"]
    seen: list[tuple[int, int]] = []
    task = EngineTask(OpenEngine(engine, "cpu", decoding, 1))
    found = n_best(texts, task, decoding, "de", 3, progress=lambda done, total: seen.append((done, total)))
    assert list(found) == sorted(set(texts))
    parts = len(split_parts(texts[1]))
    assert parts == 2
    assert [choice.path for choice in found[texts[0]]] == ["n-best"] * 3
    scores = [choice.score for choice in found[texts[0]]]
    assert all(score is not None for score in scores)
    assert seen[-1] == (2 + parts, 2 + parts)
    joined = [choice for choice in found[texts[1]] if choice.path == "parts"]
    assert len(joined) <= 1
