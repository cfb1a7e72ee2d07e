"""The protocol with a metric's process, by stand-in programs that answer, print rubbish, hang and die."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from multiyoucook2.building import scoring as building
from multiyoucook2.errors import ModelError, RecipeError
from multiyoucook2.progress import Silent
from multiyoucook2.quality.neural import scoring
from multiyoucook2.quality.neural.metrics import METRICS, find_metric
from multiyoucook2.quality.neural.scoring import CHUNK, estimate, sample, score_pairs
from multiyoucook2.quality.neural.worker import ANSWER_S, LOAD_S, started

PYTHON = Path(sys.executable)
PROGRAM = Path(scoring.__file__).with_name("metric_program.py")
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
        worker.load("comet", "a/b")
        assert worker.about == {"model": "a/b", "path": None}  # our environment is not handed on
        scores = score_pairs(PAIRS, worker, tmp_path / "scores/x.jsonl", "a/b", lambda *of: done.append(of))
    assert scores == [n / 10 for n in range(150)]
    assert done == [(64, 150), (128, 150), (150, 150)]
    with started(PYTHON, program(tmp_path, "sys.exit(9)")) as worker:  # never asked again
        assert score_pairs(PAIRS[::-1], worker, tmp_path / "scores/x.jsonl", "a/b") == scores[::-1]


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
        (ANSWER.format("'scores': [float('nan')]"), "answered [nan] for 1 pairs"),
    ],
)
def test_what_goes_wrong_ends_in_words(before: str, message: str, tmp_path: Path) -> None:
    with started(PYTHON, program(tmp_path, before), answer_s=0.5) as worker, pytest.raises(ModelError) as caught:
        worker.scores([{"src": "a", "mt": "b"}])
    assert message in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_loading_has_a_limit_of_its_own(tmp_path: Path) -> None:
    """The model is downloaded with it the first time, which takes longer than any chunk."""
    slow = program(tmp_path, "import time; time.sleep(60)")
    with started(PYTHON, slow, load_s=0.2) as worker, pytest.raises(ModelError, match=r"did not answer for 0\.2 s"):
        worker.load("comet", "a/b")
    assert LOAD_S * 0.7e6 > 5e9 > ANSWER_S * 0.7e6


def test_a_crash_costs_one_chunk(tmp_path: Path) -> None:
    memory = tmp_path / "x.jsonl"
    with started(PYTHON, program(tmp_path, "if seen == 1: sys.exit(1)")) as worker, pytest.raises(ModelError):
        score_pairs(PAIRS, worker, memory, "a/b")
    assert len(memory.read_text().splitlines()) == CHUNK
    memory.write_text(memory.read_text() + '{"key": "abc", "sco')  # and a line that was being written
    with started(PYTHON, program(tmp_path)) as worker:
        assert score_pairs(PAIRS, worker, memory, "a/b") == [n / 10 for n in range(150)]


def test_another_model_scores_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered is the model's: of one on the Hub by its name, of a folder by what is in it."""
    stand_in = program(tmp_path, "length = len(asked['init']['model']) if 'init' in asked else length")
    stand_in.write_text(stand_in.read_text().replace('len(pair["mt"]) / 10', "float(length)"))
    monkeypatch.setattr(building, "PROGRAM", stand_in)
    monkeypatch.setattr(scoring, "environment", lambda metric: PYTHON)
    monkeypatch.setattr(building, "_pairs", lambda *_: PAIRS)
    build = SimpleNamespace(workspace=SimpleNamespace(root=tmp_path / "build"))
    own = tmp_path / "own"
    own.mkdir()
    (own / "weights").write_text("1")

    def score(model: Path | None) -> float:
        (found,) = building.score_by_metric(build, METRICS["comet-qe"], ["de"], Silent(), model=model)  # type: ignore[arg-type]
        return found.mean

    hub, first = score(None), score(own)
    assert (hub, first) == (len(METRICS["comet-qe"].model), len(str(own)))
    moved = own.rename(tmp_path / "the_same_elsewhere")
    assert score(moved) == first, "remembered"
    (moved / "weights").write_text("2")
    assert score(moved) == len(str(moved))
    assert score(None) == hub


def test_references_are_for_metrics_that_compare_with_them(tmp_path: Path) -> None:
    """MetricX reads a reference wherever there is one: its scores would no longer be those of ``metricx-qe``."""
    build, refs = SimpleNamespace(), tmp_path / "de.tsv"
    for name, given, message in (
        ("metricx-qe", refs, "metricx-qe reads no references"),
        ("metricx", None, "metricx compares with references"),
    ):
        with pytest.raises(RecipeError, match=message):
            building.score_by_metric(build, METRICS[name], ["de"], Silent(), references=given)  # type: ignore[arg-type]


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


def test_metricx_is_the_first_output_at_one_token(tmp_path: Path) -> None:
    """The real program beside a tiny random mT5: the score of a pair does not depend on its batch."""
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = "source: candidate: reference: chop the onion die Zwiebel hacken".split()
    tokenizer = Tokenizer(models.WordLevel({"<pad>": 0, "</s>": 1, "<unk>": 2} | {w: n for n, w in enumerate(words, 3)},
                                           unk_token="<unk>"))  # fmt: skip
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(tmp_path)
    torch.manual_seed(6)
    config = transformers.MT5Config(
        vocab_size=20, d_model=16, d_ff=32, d_kv=8, num_layers=1, num_heads=2, decoder_start_token_id=0,
        initializer_factor=20.0,
    )  # fmt: skip
    model = transformers.MT5ForConditionalGeneration(config).eval()
    model.lm_head.weight.data *= 0.02  # into the range of scores
    model.save_pretrained(tmp_path)

    pairs = [{"src": "chop the onion", "mt": "die Zwiebel hacken", "ref": "die Zwiebel"}, {"src": "chop", "mt": "die"}]
    with started(PYTHON, PROGRAM) as worker:
        worker.load("metricx", str(tmp_path))
        assert worker.about["model"] == str(tmp_path)
        together, alone = worker.scores(pairs), [worker.scores([pair])[0] for pair in pairs]
    assert together == pytest.approx(alone, abs=1e-4)
    ids = [[3, 6, 7, 8, 4, 9, 10, 11, 5, 9, 10], [3, 6, 4, 9]]  # without the end mark
    with torch.inference_mode():
        start = torch.tensor([[0]])
        expected = [model(input_ids=torch.tensor([row]), decoder_input_ids=start).logits[0, 0, 19] for row in ids]
    assert alone == pytest.approx([min(max(float(value), 0), 25) for value in expected], abs=1e-4)
    assert any(0 < score < 25 for score in alone)


def test_a_model_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with started(PYTHON, PROGRAM) as worker, pytest.raises(ModelError, match="the metric failed: LocalEntryNotFound"):
        worker.load("metricx", "google/metricx-24-hybrid-large-v2p6")
    with started(PYTHON, PROGRAM) as worker, pytest.raises(ModelError, match="no model is loaded"):
        worker.scores([{"src": "a", "mt": "b"}])
