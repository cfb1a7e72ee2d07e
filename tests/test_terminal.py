"""What a person sees: notes on stderr, tables that fit."""

import logging

import pytest

from multiyoucook2.cli import printing, tables
from multiyoucook2.cli.terminal import PACKAGE, Terminal
from multiyoucook2.engines.registry import MODELS


@pytest.mark.parametrize("quiet", [False, True])
def test_downloads_and_damage_are_told(quiet: bool, capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger(f"{PACKAGE}.translation.hub")
    before = logging.getLogger(PACKAGE).level
    with Terminal(quiet=quiet):
        log.info("downloading %s: %.1f GB", "a/b", 0.3)
        log.warning("%s is damaged", "c")
        log.debug("nobody cares")
    assert capsys.readouterr().err.splitlines() == ["note: downloading a/b: 0.3 GB", "note: c is damaged"]
    assert logging.getLogger(PACKAGE).level == before
    assert not logging.getLogger(PACKAGE).handlers


def test_tables_fit_and_leave_names_whole(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(tables, "PIPED_WIDTH", 80)
    printing.models(as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert all(0 < len(line) <= 80 and line == line.rstrip() for line in lines)
    assert {line.split()[0] for line in lines} >= set(MODELS)
    printing.languages(as_json=False)
    *lines, common = capsys.readouterr().out.splitlines()
    assert all(0 < len(line) <= 80 for line in lines)
    assert "nllb-200-3.3B" in common
    assert [line.split()[0] for line in lines if "opus-mt" in line] == "de fr cs zh ru vi es ja".split()
