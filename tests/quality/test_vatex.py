"""VATEX's Chinese, which people wrote, as references of the bundled model's: real captions, ten a clip.

The figure of all 1,500 test clips: VATEX_CLIPS=1500 python -m pytest tests/quality/test_vatex.py -s --timeout 0
"""

import gzip
import json
import os
from collections import defaultdict
from pathlib import Path

import pytest
from conftest import ROOT

from multiyoucook2 import build
from multiyoucook2.building.opening import open_build
from multiyoucook2.building.referring import score_build
from multiyoucook2.progress import Silent

DATA = ROOT.parent / "shared/data/vatex"
CLIPS = int(os.environ.get("VATEX_CLIPS", "20"))
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="VATEX's captions are not beside the repository")


def read(name: str) -> dict[str, list[str]]:
    """Video -> its ten captions, of lines ``VIDEO#enc#INDEX TEXT``."""
    found: dict[str, list[str]] = defaultdict(list)
    with gzip.open(DATA / name, "rt", encoding="utf-8") as file:
        for line in file:
            head, _, text = line.rstrip("\n").partition(" ")
            found[head.split("#")[0]].append(text)
    return found


def made(out: Path, entries: list[dict[str, object]], engine: str) -> Path:
    """A build of such clips."""
    source = out.parent / f"{out.name}.json"
    source.write_text(json.dumps(entries), encoding="utf-8")
    build("multi-vatex", annotations=source, langs="zh", engine=engine, out=out, offline=True)
    return out


def test_human_chinese_of_real_clips_as_references(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULTIYOUCOOK2_CACHE", str(tmp_path / "cache"))
    english, chinese = read("vatextest.caption.txt.gz"), read("vatextest_zh.caption.txt.gz")
    videos = sorted(english.keys() & chinese.keys())[:CLIPS]
    human = [{"videoID": video, "enCap": english[video], "chCap": chinese[video]} for video in videos]
    shifted = [{**row, "chCap": chinese[other]} for row, other in zip(human, videos[1:] + videos[:1], strict=True)]
    machine = open_build(made(tmp_path / "machine", [{"videoID": v, "enCap": english[v]} for v in videos], "mini"))
    of_people, of_others = (
        score_build(machine, made(tmp_path / name, entries, "none"), ["zh"], Silent())[0]
        for name, entries in (("human", human), ("shifted", shifted))
    )
    # of the ten captions the last five are translations; the first five were written for themselves
    assert (of_people.rows, of_people.without_rows, of_people.unknown_rows) == (5 * CLIPS, 5 * CLIPS, 0)
    assert [score.metric for score in of_people.scores] == ["chrF", "chrF++", "BLEU"]
    assert "tok:zh" in of_people.scores[2].signature
    for right, wrong in zip(of_people.scores[:2], of_others.scores[:2], strict=True):
        assert right.low <= right.value <= right.high
        assert right.value > wrong.value
    for score in of_people.scores:
        print(f"{score.metric} {score.value:.1f} [{score.low:.1f}, {score.high:.1f}] {score.signature}")
