"""What the first search's beam ends with is kept, so that repair chooses from it without another search."""

from pathlib import Path

import pytest

from multiyoucook2.building import repairing
from multiyoucook2.engines.base import Candidate, Engine
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.runners.local import Local
from multiyoucook2.translation import kept
from multiyoucook2.translation.engine_task import EngineTask
from multiyoucook2.translation.ladder import Job, first_search, translate_texts
from multiyoucook2.translation.memory import SpaceKey, TranslationMemory
from multiyoucook2.translation.rivals import rivals
from multiyoucook2.translation.table import OpenEngine
from multiyoucook2.translation.ways import Ask, NBest
from tests.quality.test_checks import english_of

TEXTS = ["chop the onion", "fry the red garlic", "heat the oil", "peel the onion and chop the garlic"]
KEY = SpaceKey("de", "tiny", "1", "0")


class Forbidden(EngineTask):
    """Reads as the engine, and translates nothing: all has to come out of the memory."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(lambda: engine)

    def __call__(self, work: object) -> "list[tuple[Candidate, ...]]":
        raise AssertionError("translated again")


@pytest.fixture
def task(tiny_model: Path, tmp_path: Path) -> EngineTask:
    engine = resolve(str(tiny_model), "de", source_lang="en", cache_dir=tmp_path / "cache", offline=True)
    return EngineTask(OpenEngine(engine, "cpu", decoding(), 1))


def decoding() -> Decoding:
    return Decoding(beam_size=3, max_length_factor=1.0, max_length_extra=4, retry=False, batch_tokens=64)


def translated(task: EngineTask, folder: Path, *, keep: bool) -> dict[str, str]:
    with TranslationMemory(folder).space(KEY) as space:
        outcomes = translate_texts(TEXTS, Job("de", task, decoding(), space, Local(), keep))
    return {text: outcome.text for text, outcome in outcomes.items()}


def test_the_beam_comes_for_nothing(task: EngineTask, tmp_path: Path) -> None:
    """Kept or not, the translations are the same; of the doubtful one all of its beam is there."""
    texts = translated(task, tmp_path / "kept", keep=True)
    assert texts == translated(task, tmp_path / "plain", keep=False)
    way, ask = NBest(3), Ask(TEXTS[1])
    with TranslationMemory(tmp_path / "kept").space(KEY) as space:
        job = Job("de", Forbidden(task.engine), decoding(), space, Local())
        (found,) = rivals([ask], way, job, among=TEXTS).values()
    assert len(found) == 3
    assert found[0].text == texts[TEXTS[1]]
    assert len({choice.text for choice in found}) == 3
    assert [choice.score for choice in found] == sorted((choice.score or 0 for choice in found), reverse=True)


def test_a_memory_without_it_is_searched_as_the_build_was(task: EngineTask, tmp_path: Path) -> None:
    """The same batches, hence the same outputs to the last digit."""
    translated(task, tmp_path / "kept", keep=True)
    translated(task, tmp_path / "plain", keep=False)
    found = []
    for name in ("kept", "plain"):
        with TranslationMemory(tmp_path / name).space(KEY) as space:
            job = Job("de", task, decoding(), space, Local())
            found.append(rivals([Ask(TEXTS[1])], NBest(2), job, among=TEXTS))
    assert found[0] == found[1]


def test_only_a_beam_no_wider_than_the_builds_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repairing, "CHUNK", 2)
    chunks = list(repairing.chunks(english_of(*TEXTS, "!"), tmp_path))

    def places(way: NBest) -> list[tuple[str, set[str] | None]]:
        searched = [repairing._searched(way, decoding(), memory, rows) for _, memory, rows in chunks]
        found = [(memory.folder.relative_to(tmp_path).as_posix(), among) for memory, among in searched]
        return [(place, among if among is None else set(among)) for place, among in found]

    assert NBest(2).search(decoding()) == NBest(3).search(decoding()) == first_search(decoding())
    assert places(NBest(2)) == places(NBest(3))
    assert places(NBest(3)) == [(".", set(TEXTS[:2])), ("rows-000000002", set(TEXTS[2:])), ("rows-000000004", set())]
    others = [("repair", None), ("rows-000000002/repair", None), ("rows-000000004/repair", None)]
    assert places(NBest(4)) == others
    assert places(NBest(3, name="engine")) == others
    assert NBest(3).name == kept.FIRST


def test_a_score_that_is_no_number_is_none() -> None:
    assert [kept.rounded(score) for score in (None, float("nan"), float("-inf"), -0.5)] == [None, None, None, -0.5]
