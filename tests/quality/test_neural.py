"""The protocol with a metric's process, by stand-in programs that answer, print rubbish, hang and die."""

import sys
from pathlib import Path

import pytest

from multiyoucook2.errors import ModelError, RecipeError
from multiyoucook2.quality.neural.metrics import METRICS, find_metric
from multiyoucook2.quality.neural.scoring import CHUNK, estimate, sample, score_pairs
from multiyoucook2.quality.neural.worker import started

PYTHON = Path(sys.executable)
STAND_IN = """
import json, os, sys
seen = 0
for line in sys.stdin:
    asked = json.loads(line)
    {before}
    if "init" in asked:
        answer = {{"ready": {{"model": asked["init"]["model"], "path": os.environ.get("PYTHONPATH")}}}}
    else:
        seen += 1
        answer = {{"scores": [len(pair["mt"]) / 10 for pair in asked["score"]]}}
    print(json.dumps({{"id": asked["id"], **answer}}), flush=True)
"""
ANSWER = "print(json.dumps({{'id': asked['id'], {}}}), flush=True); continue"
PAIRS = [{"src": f"source {n}", "mt": "x" * n} for n in range(150)]


def program(folder: Path, before: str = "pass") -> Path:
    path = folder / "stand_in.py"
    path.write_text(STAND_IN.format(before=before))
    return path


def test_scores_in_order_and_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    done: list[tuple[int, int]] = []
    with started(PYTHON, program(tmp_path)) as worker:
        worker.load("a/b")
        assert worker.about == {"model": "a/b", "path": None}  # our environment is not handed on
        scores = score_pairs(PAIRS, worker, tmp_path / "scores/x.jsonl", lambda *of: done.append(of))
    assert scores == [n / 10 for n in range(150)]
    assert done == [(64, 150), (128, 150), (150, 150)]
    with started(PYTHON, program(tmp_path, "sys.exit(9)")) as worker:  # never asked again
        assert score_pairs(PAIRS[::-1], worker, tmp_path / "scores/x.jsonl") == scores[::-1]


def test_what_libraries_print_is_no_answer(tmp_path: Path) -> None:
    rubbish = "print('downloading...'); print('{\"id\": 99, \"scores\": [1]}'); print('[1, 2]', flush=True)"
    with started(PYTHON, program(tmp_path, rubbish)) as worker:
        assert worker.scores([{"src": "a", "mt": "bb"}]) == [0.2]


@pytest.mark.parametrize(
    ("before", "message"),
    [
        ("sys.exit(3)", "the metric's process ended: exit status 3"),
        ("os.kill(os.getpid(), 9)", "the metric's process ended: SIGKILL, the system had no memory left"),
        ("import time; time.sleep(60)", "the metric did not answer for 0.5 s"),
        (ANSWER.format("'error': 'no\\x1b[31m model'"), "the metric failed"),
        (ANSWER.format("'scores': [1, 2, 3]"), "for 1 pairs"),
    ],
)
def test_what_goes_wrong_ends_in_words(before: str, message: str, tmp_path: Path) -> None:
    with started(PYTHON, program(tmp_path, before), answer_s=0.5) as worker, pytest.raises(ModelError) as caught:
        worker.scores([{"src": "a", "mt": "b"}])
    assert message in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_crash_costs_one_chunk(tmp_path: Path) -> None:
    memory = tmp_path / "x.jsonl"
    with started(PYTHON, program(tmp_path, "if seen == 1: sys.exit(1)")) as worker, pytest.raises(ModelError):
        score_pairs(PAIRS, worker, memory)
    assert len(memory.read_text().splitlines()) == CHUNK
    memory.write_text(memory.read_text() + '{"key": "abc", "sco')  # and a line that was being written
    with started(PYTHON, program(tmp_path)) as worker:
        assert score_pairs(PAIRS, worker, memory) == [n / 10 for n in range(150)]


def test_environments_and_names(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no environment yet") as caught, started(tmp_path / "python", tmp_path):
        pass
    assert "--setup" in caught.value.hint
    with pytest.raises(RecipeError, match="unknown metric 'commet'"):
        find_metric("commet")
    assert all("==" in package for metric in METRICS.values() for package in metric.packages)


def test_samples_are_seeded_and_intervals_hold_the_mean() -> None:
    assert sample(1000, 5) == sample(1000, 5) != sample(1000, 5, seed=1)
    assert sample(3, 10) == [0, 1, 2]
    found = estimate("de", "comet-qe", [0.0, 1.0] * 50, 1000)
    assert (found.mean, found.rows, found.of) == (0.5, 100, 1000)
    assert found.low < 0.5 < found.high
    assert 0.15 < found.high - found.low < 0.25  # two standard errors of 0.05 to either side
