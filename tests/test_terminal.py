"""What a person sees: notes on stderr, tables that fit."""

import logging

import pytest

from multiyoucook2.cli import about, pace, tables, terminal
from multiyoucook2.cli.pace import Overall, Pace
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
    about.models()
    lines = capsys.readouterr().out.splitlines()
    assert all(0 < len(line) <= 80 and line == line.rstrip() for line in lines)
    assert {line.split()[0] for line in lines} >= set(MODELS)
    about.languages()
    text = capsys.readouterr().out
    assert all(0 < len(line) <= 80 for line in text.splitlines())
    assert {"de", "ko", "zh-Hant"} <= {line.split()[0] for line in text.splitlines()}
    assert {"nllb-200-*", "opus-mt"} <= set(text.replace(",", " ").split())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the terminal sees; set the one element."""
    now = [100.0]
    for module in (pace, terminal):
        monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_time_left_counts_only_what_this_run_did(clock: list[float]) -> None:
    """900 of 1,000 came from the memory: the 50 of these ten seconds say how long the other 50 take."""
    found = Pace()
    assert found.words(900, 1000) == []
    clock[0] += 10
    assert found.words(950, 1000) == ["5/s", "10 s left"]
    assert found.words(1000, 1000) == ["10/s"]


def test_overall_progress_is_over_all_languages(clock: list[float]) -> None:
    """Three languages of 100 texts; 40 of the second were done before. 160 in 32 s leave 20 s for 100."""
    found = Overall()
    found.planned(["clips"])
    found.planned(["translate-de", "translate-fr", "translate-cs"])
    assert found.heard("clips", 1, 1) is None
    assert found.heard("translate-de", 0, 100) == (0, 300, "")
    clock[0] += 20
    assert found.heard("translate-de", 100, 100) == (100, 300, "40 s left")
    assert found.heard("translate-fr", 40, 100) == (140, 300, "32 s left")
    clock[0] += 12
    assert found.heard("translate-fr", 100, 100) == (200, 300, "20 s left")
    assert found.count("translate-fr") == 3


def test_a_second_pass_counts_anew_and_over_all_languages_only_as_time(clock: list[float]) -> None:
    """Repair after 20 s of translation: 5 texts a second of 60; both languages take 30 s each so far, and 30 s more."""
    one, both = Pace(), Overall()
    both.planned(["translate-de", "translate-fr"])
    for done in (0, 100):
        one.words(done, 100)
        both.heard("translate-de", done, 100)
        clock[0] += 10 * (done == 0)
    clock[0] += 10
    assert one.words(0, 60) == []
    clock[0] += 10
    assert one.words(50, 60) == ["5/s", "2.0 s left"]
    assert both.heard("translate-de", 50, 60) == (100, 200, "30 s left")


def test_lines_without_a_terminal_name_all_languages(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with Terminal() as listener:
        listener.planned(["translate-de", "translate-fr"])
        listener.started("translate-de")
        listener.progress(0, 100)
        clock[0] += 29
        listener.progress(29, 100)
        clock[0] += 11
        listener.progress(40, 100)
        listener.finished("translate-de", skipped=False, seconds=40.0, counts={"rows": 100})
    assert capsys.readouterr().err.splitlines() == [
        "translate-de: 40 of 100  1/s  1 min 0 s left; all 2: 40 of 200  2 min 40 s left",
        "  translate-de         40 s  100 rows",
    ]
