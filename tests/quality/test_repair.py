"""Repair: the better rival is taken, nothing gets worse, and the path is written down."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiyoucook2.building.repairing import steps_before
from multiyoucook2.building.translating import Translate
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.quality.check import CHECKS, Batch, Context, run_checks
from multiyoucook2.quality.repair import Mender, Offer
from multiyoucook2.quality.settings import Checks, Repair, Way
from multiyoucook2.quality.table import judge
from multiyoucook2.runners.local import Local
from multiyoucook2.translation.engine_task import EngineTask
from multiyoucook2.translation.ladder import Job
from multiyoucook2.translation.memory import SpaceKey, TranslationMemory
from multiyoucook2.translation.rivals import rivals as rivals_of
from multiyoucook2.translation.table import OpenEngine
from multiyoucook2.translation.ways import WAYS, Ask, Choice, Maker
from tests.quality.test_checks import english_of, translations
from tests.quality.test_signals import corpus
from tests.translation.test_kept import Forbidden

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


def mended(captions: pa.Table, german: pa.Table, *offers: Offer, checks: Checks | None = None) -> pa.Table:
    return Mender(captions, german, "de", Repair(below=0.5), checks=checks).mended(0, german.num_rows, offers)


def repaired(*texts: str, row: Mapping[str, object] | None = None, **checks: Any) -> tuple[list[str], dict[str, Any]]:
    """The captions that were asked for, and the first row afterwards; ``row`` is what it is otherwise before."""
    captions, german = tables()
    first = {**german.to_pylist()[0], **(row or {})}
    german = pa.concat_tables([pa.Table.from_pylist([first], german.schema), german.slice(1)])
    asked: list[str] = []

    def offer(asks: Sequence[Ask]) -> dict[Ask, list[Choice]]:
        asked.extend(ask.caption for ask in asks)
        return {ask: rivals(*texts) for ask in asks}

    after = mended(captions, german, offer, checks=Checks(**checks))
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


@pytest.mark.parametrize(
    ("rival", "checks", "taken"),
    [
        (f"3 {RIGHT}", {"numbers": False}, True),  # what the build lets pass, repair lets pass
        (RIGHT, {"min_score": -0.05}, False),  # its score is -0.1: the build would refuse it
        (RIGHT, {"min_score": -0.2}, True),
        (RIGHT, {"length_ratio": (0.1, 0.5)}, False),
    ],
)
def test_rivals_are_refused_by_the_builds_checks(rival: str, checks: dict[str, Any], taken: bool) -> None:
    _, row = repaired(rival, **checks)
    assert row["text"] == (rival if taken else WRONG)


def test_an_engines_flag_counts_while_its_check_is_on() -> None:
    """A sound row that the engine calls a loop is mended, unless the recipe lets loops pass."""
    sound = {"text": "Lauch und Zwiebeln hacken", "flags": ["loop"]}
    asked, row = repaired(RIGHT, row=sound)
    assert (asked, row["text"]) == ([CAPTION], RIGHT)
    asked, row = repaired(RIGHT, row=sound, repetition=None)
    assert (asked, row["text"], row["flags"]) == ([], sound["text"], ["loop"])


def test_a_repaired_stages_key_holds_what_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    """And holds nothing more than before by the defaults, nor for what repair does not look at."""
    engine = resolve(str(tiny_model), "de", source_lang="en", cache_dir=tmp_path, offline=True)

    def settings(repair: Repair | None, **checks: Any) -> object:
        return Translate(engine, Decoding(), "cpu", repair, checks=Checks(**checks)).settings()

    plain = settings(Repair())
    assert isinstance(plain, dict)
    assert set(plain) == {"engine", "version", "device", "repair"}
    signals = {"min_quality": 0.25, "alignment": False, "agreement": "mini", "glossary": "terms.tsv"}
    assert settings(Repair(), length_ratio=[0.25, 4.0], **signals) == plain
    assert settings(Repair(), numbers=False) != plain
    assert settings(Repair(), min_score=-1.0) != settings(Repair(), min_score=-2.0)
    assert settings(None, numbers=False) == settings(None)


def test_no_check_that_refuses_reads_what_the_key_leaves_out() -> None:
    """Otherwise the setting belongs into ``Checks.refusing``."""
    read: set[str] = set()

    class Watched(Checks):
        def __getattribute__(self, name: str) -> Any:
            if name in Checks.model_fields:
                read.add(name)
            return super().__getattribute__(name)

    batch = Batch(
        "de", [CAPTION, "add 3 cups"], [WRONG, "3 Tassen"], [("loop", "copy"), ()], np.full(2, -1, np.float32)
    )
    refusing = [check.name for check in CHECKS if check.severity == "reject"]
    run_checks(batch, Context(batch, Watched()), refusing)
    assert {"numbers", "repetition", "copies", "min_score"} <= read
    for name in read:
        changed = {"script_share": 0.1, "length_ratio": (0.1, 9), "repetition": None, "min_score": -1.0}.get(
            name, False
        )
        assert set(Checks(**{name: changed}).refusing()) == {name}


def test_quality_does_not_fall() -> None:
    captions, german = tables()
    after = mended(captions, german, lambda asks: {ask: rivals(RIGHT) for ask in asks})
    before, now = (judge(captions, table, "de", Checks()).quality["quality"].to_pylist() for table in (german, after))
    assert now[0] > before[0] + 0.05
    assert min(b - a for a, b in zip(before[1:], now[1:], strict=True)) > -0.05


def test_a_row_goes_up_the_ladder_until_it_is_good_enough() -> None:
    """The second way is asked only for what the first did not mend, and its maker stands in the row."""
    captions, german = tables()
    asked: list[str] = []
    maker = Maker("other", "2", "MIT", "f00")

    def offer(name: str, *texts: str) -> Offer:
        def rivals_of(asks: Sequence[Ask]) -> dict[Ask, list[Choice]]:
            asked.append(name)
            return {ask: [Choice(text, -1.0, (), name, maker) for text in texts] for ask in asks}

        return rivals_of

    after = mended(captions, german, offer("a", "Mehl"), offer("b", RIGHT), offer("c"))
    assert asked == ["a", "b"]
    row = after.to_pylist()[0]
    assert (row["text"], row["flags"], row["retries"]) == (RIGHT, ["repaired:b"], 2)
    assert (row["model"], row["revision"], row["license"], row["decode_hash"]) == ("other", "2", "MIT", "f00")
    assert after["model"].to_pylist()[1:] == german["model"].to_pylist()[1:]


def test_some_rows_at_a_time_are_mended_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    captions, german = tables()
    captions, german = (pa.concat_tables([table] * 3) for table in (captions, german))
    half = captions.num_rows // 2

    def offer(asks: Sequence[Ask]) -> dict[Ask, list[Choice]]:
        return {ask: rivals(RIGHT) for ask in asks if ask.caption == CAPTION}

    whole = mended(captions, german, offer)
    assert sum(1 for flags in whole["flags"].to_pylist() if flags) == 3
    monkeypatch.setattr("multiyoucook2.quality.repair.PART", 5)
    mender = Mender(captions, german, "de", Repair(below=0.5))
    parts = [mender.mended(first, rows, [offer]) for first, rows in ((0, half), (half, captions.num_rows - half))]
    assert pa.concat_tables(parts).equals(whole)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 2)), max_size=8), st.randoms())
def test_the_step_before(steps: list[tuple[int, int, int]], random: Random) -> None:
    """Of the same video, by segment; its first caption; against a slow count."""
    clips = [
        {"clip_id": f"c{number}", "video_id": f"v{video}", "segment_index": segment}
        for number, (video, segment, _) in enumerate(steps)
    ]
    captions = [
        {"clip_id": f"c{number}", "caption_index": index, "text": f"c{number} {index}"}
        for number, (*_, several) in enumerate(steps)
        for index in range(several)
    ]
    random.shuffle(clips)
    random.shuffle(captions)

    def before(clip_id: str) -> str:
        clip = next(clip for clip in clips if clip["clip_id"] == clip_id)
        key = itemgetter("segment_index", "clip_id")
        earlier = [one for one in clips if one["video_id"] == clip["video_id"] and key(one) < key(clip)]
        return f"{max(earlier, key=key)['clip_id']} 0" if earlier else ""

    schema = pa.schema([("clip_id", pa.string()), ("video_id", pa.string()), ("segment_index", pa.int32())])
    clip_table = pa.Table.from_pylist(clips, schema=schema)
    schema = pa.schema([("clip_id", pa.string()), ("caption_index", pa.int32()), ("text", pa.string())])
    found = steps_before(clip_table, pa.Table.from_pylist(captions, schema=schema))
    assert found.to_pylist() == [before(row["clip_id"]) for row in captions]


def test_the_ways_of_a_real_engine(tiny_model: Path, tmp_path: Path) -> None:
    """Each way's rivals bear its name, come out of the memory the second time, and differ by what was asked."""
    engine = resolve(str(tiny_model), "de", source_lang="en", cache_dir=tmp_path, offline=True)
    decoding = Decoding(beam_size=2, max_length_factor=1.0, max_length_extra=4)
    asks = [Ask("chop the onion"), Ask("chop the onion and fry the red garlic", "heat the oil")]
    task = EngineTask(OpenEngine(engine, "cpu", decoding, 1))
    key = SpaceKey("de", engine.name, engine.revision, "0")
    assert set(WAYS) == set(get_args(Way))
    for name, way in WAYS.items():
        with TranslationMemory(tmp_path / "memory").space(key) as space:
            found = rivals_of(asks, way, Job("de", task, decoding, space, Local()))
            batches = len(space)
        with TranslationMemory(tmp_path / "memory").space(key) as space:
            again = rivals_of(asks, way, Job("de", Forbidden(task.engine), decoding, space, Local()))
            assert len(space) == batches
        assert again == found
        assert {choice.path for choices in found.values() for choice in choices} <= {name}
        assert set(found) == ({asks[1]} if name in ("parts", "context") else set(asks))
