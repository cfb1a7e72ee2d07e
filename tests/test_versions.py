"""Versions and the code that they guard: neither changes without the other; and a stage's key follows its versions."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from guarded import RECORD, digest, guarded, wrong_with

from multiyoucook2.building.checking import Check as CheckStage
from multiyoucook2.building.reading import ReadClips
from multiyoucook2.building.stage import Results, stage_key
from multiyoucook2.quality import check
from multiyoucook2.quality.estimation import shipped
from multiyoucook2.quality.settings import Checks
from multiyoucook2.sources.base import SOURCES

RECORDED = json.loads(RECORD.read_text(encoding="utf-8"))
GUARDED = guarded()


@pytest.mark.parametrize("name", sorted({*GUARDED, *RECORDED}))
def test_output_and_version_are_as_recorded(name: str) -> None:
    assert name in GUARDED, "it is gone: record the others with python tests/guarded.py"
    version, give = GUARDED[name]
    assert wrong_with(name, version, digest(give()), RECORDED) is None


@pytest.mark.parametrize("name", sorted(GUARDED))
def test_another_output_under_the_same_version_is_found(name: str) -> None:
    version, give = GUARDED[name]
    changed = digest([give(), "changed"])
    assert "raise the version" in str(wrong_with(name, version, changed, RECORDED))
    assert "record it" in str(wrong_with(name, version + 1, changed, RECORDED))
    assert "is new" in str(wrong_with(name, version, changed, {}))


class _NothingRead(Results):
    def hash_of(self, key: object) -> str:
        return "0"


def test_a_stages_key_follows_the_versions_of_its_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stage = CheckStage("de", "en", Checks(), shipped(), tmp_path)
    before = stage_key(stage, _NothingRead())
    one = check.CHECKS.find("numbers")
    monkeypatch.setitem(check.CHECKS._rows, "numbers", replace(one, version=one.version + 1))
    assert stage_key(stage, _NothingRead()) != before

    mini = SOURCES.find("mini")
    read = ReadClips("mini", {}, mini.bundled())
    before = stage_key(read, _NothingRead())
    monkeypatch.setitem(SOURCES._rows, "mini", replace(mini, version=mini.version + 1))  # type: ignore[type-var]
    assert stage_key(read, _NothingRead()) != before
