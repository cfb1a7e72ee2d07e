"""The loop and whole runs, in this process: resumed = straight, early stop, NaN, teachers, frozen towers."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

import multiyoucook2
from multiyoucook2.corpus.captions import load_captions
from multiyoucook2.errors import DatasetError, FeatureError, MyCookError, TrainingError
from multiyoucook2.features.simulated import simulate
from multiyoucook2.features.store import FeatureStore
from multiyoucook2.progress import Silent
from multiyoucook2.retrieval.data.vectors import write_vectors
from multiyoucook2.retrieval.evaluation.run import evaluate_run
from multiyoucook2.retrieval.evaluation.runfiles import read_metrics
from multiyoucook2.retrieval.model.encoders import load_encoder
from multiyoucook2.retrieval.recipe import training_recipe
from multiyoucook2.retrieval.training.loop import learning_rate
from multiyoucook2.retrieval.training.run import TrainResult, train
from multiyoucook2.retrieval.training.teacher_cache import words_only

from ..small_data import make_dataset, make_features

SMALL = {"hidden_dim": 16, "embedding_dim": 16, "batch_size": 16, "epochs": 2, "tiny": {"vocab_size": 400, "dim": 16}}


def run(folder: Path, out: Path, recipe: str = "translate-train-tiny", **given: Any) -> TrainResult:
    """Train on the CPU; keys of the recipe and arguments of ``train`` mixed."""
    settings = {
        key: given.pop(key)
        for key in ("teachers", "resume", "listener", "features", "dataset", "offline", "threads")
        if key in given
    }
    files = {"dataset": folder / "data", "features": folder / "features"}
    return train(recipe, **{**files, **settings}, out=out, device="cpu", overrides={**SMALL, **given})


class Killed(Exception):
    """Stands for the end of the process."""


class KillAt(Silent):
    """Ends a run after a step of the model of a name."""

    def __init__(self, what: str, step: int) -> None:
        self.what, self.at, self.now = what, step, ""

    def started(self, what: str, done: int = 0, total: int = 0) -> None:
        self.now = what

    def progress(self, done: int, total: int, figures: Mapping[str, float] | None = None) -> None:
        if (self.now, done) == (self.what, self.at):
            raise Killed


def losses(run: Path) -> list[tuple[int, float, float]]:
    return [(line["step"], line["loss"], line["gradient_norm"]) for line in read_metrics(run) if line["kind"] == "step"]


def weights(run: Path) -> Mapping[str, torch.Tensor]:
    return load_file(run / "model" / "model.safetensors")


@pytest.mark.parametrize("objective", ["c2kd", "learned"])
@pytest.mark.parametrize("at", [3, 8, 12])  # before any checkpoint, between two, at the very end
def test_resumed_is_straight_bit_for_bit(folder: Path, tmp_path: Path, objective: str, at: int) -> None:
    given = {"objective": objective, "checkpoint_steps": 4, "teachers": folder / "teachers", "patience": 5}
    given["evaluate_every"] = 1
    straight = run(folder, tmp_path / "straight", "c2kd-tiny", **given)
    with pytest.raises(Killed):
        run(folder, tmp_path / "resumed", "c2kd-tiny", **given, listener=KillAt("c2kd-tiny", at))
    resumed = run(folder, tmp_path / "resumed", "c2kd-tiny", **given, resume=True)
    assert resumed.state == straight.state
    assert losses(resumed.out) == losses(straight.out)
    assert len(losses(straight.out)) == 12
    wanted = weights(straight.out)
    for name, value in weights(resumed.out).items():
        assert torch.equal(value, wanted[name]), name
    assert resumed.evaluation == straight.evaluation


def test_a_run_is_not_overwritten_and_a_finished_one_is_not_trained_again(folder: Path, tmp_path: Path) -> None:
    out = run(folder, tmp_path / "run", epochs=1).out
    with pytest.raises(TrainingError, match="holds a run already"):
        run(folder, out, epochs=1)
    before, card = (out / "metrics.jsonl").read_bytes(), (out / "model/README.md").read_text()
    assert "recipe translate-train-tiny (objective translate-train, 1 epochs, seed 0)" in card
    assert "no video is behind these figures" in card
    assert "R@K|task:v2t|lang:ja|" in card
    assert run(folder, out, epochs=1, resume=True).evaluation is not None
    assert (out / "metrics.jsonl").read_bytes() == before
    assert (out / "model/README.md").read_text() == card
    with pytest.raises(TrainingError, match=r"holds another run: recipe\.lr is 0\.001 there and 0\.5 here"):
        run(folder, out, epochs=1, lr=0.5, resume=True)


def test_a_seed_repeats_a_run_and_another_does_not(folder: Path, tmp_path: Path) -> None:
    first, same, other = (run(folder, tmp_path / str(n), seed=seed, epochs=1) for n, seed in enumerate((4, 4, 5)))
    assert losses(first.out) == losses(same.out)
    assert losses(first.out)[0] != losses(other.out)[0]


def test_it_learns_what_the_simulated_videos_show(folder: Path, tmp_path: Path) -> None:
    """Every language, backwards English among them, ends far above chance, which is 10 of 32."""
    result = run(folder, tmp_path / "run", epochs=15, lr=3e-3, lr_decay=0.95, evaluate_every=0)
    assert result.evaluation is not None
    for lang in ("en", "de", "ja"):
        assert result.evaluation.row("t2v", lang).values["recall_at_10"] > 60


def test_overrides_of_a_recipe_that_is_given_whole(folder: Path, tmp_path: Path) -> None:
    """They are not passed over in silence; and what is written is JSON, though nothing was evaluated."""
    whole = training_recipe("c2kd-tiny", SMALL)
    files = {"dataset": folder / "data", "features": folder / "features", "out": tmp_path / "run", "device": "cpu"}
    result = train(whole, **files, overrides={"objective": "zero-shot", "epochs": 1, "evaluate_every": 0})

    def refuse(name: str) -> None:
        raise AssertionError(name)

    kept = json.loads((result.out / "run.json").read_text(), parse_constant=refuse)["recipe"]
    assert (kept["objective"], kept["epochs"], kept["teachers"]) == ("zero-shot", 1, [])
    with pytest.raises(MyCookError, match="unknown key 'epoch'"):
        train(whole, **files, overrides={"epoch": 1})


def test_zero_shot_learns_english_alone(folder: Path, tmp_path: Path) -> None:
    result = run(folder, tmp_path / "run", "zero-shot-tiny", epochs=1)
    about = json.loads((result.out / "run.json").read_text())
    assert about["identity"]["languages"] == ["en"]
    assert result.evaluation is not None
    assert {row.lang for row in result.evaluation.rows} == {"en", "de", "ja", "mean", "mean-not-en"}


def test_teachers_are_shared_and_their_embeddings_cached(folder: Path, tmp_path: Path) -> None:
    given = {"teachers": tmp_path / "teachers", "epochs": 1}
    run(folder, tmp_path / "a", "c2kd-tiny", **given)
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "teachers").rglob("*.safetensors")}
    assert len([path for path in made if path.name.startswith("embeddings-")]) == 3
    run(folder, tmp_path / "b", "c2kd-tiny", **given, seed=9, reduce="min")
    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert len(list((tmp_path / "teachers").rglob("embeddings-*"))) == 3
    cache = next(path for path in made if path.name.startswith("embeddings-"))
    content = cache.read_bytes()
    cache.write_bytes(content[:50])  # cut off: made again, the same
    run(folder, tmp_path / "c", "c2kd-tiny", **given)
    assert cache.read_bytes() == content
    with pytest.raises(TrainingError, match=r"teachers/tiny-a holds another run: recipe\.lr"):
        run(folder, tmp_path / "d", "c2kd-tiny", **given, lr=0.5)


def test_teachers_may_read_words_without_marks(folder: Path, tmp_path: Path) -> None:
    assert words_only("Add 1/2 cup, don't stir: hot!") == "Add 1 2 cup don't stir hot"
    given = {"teachers": tmp_path / "teachers", "epochs": 1}
    run(folder, tmp_path / "a", "c2kd-tiny", **given, teacher_words=True)  # no caption here has a mark
    run(folder, tmp_path / "b", "c2kd-tiny", **given)
    assert losses(tmp_path / "a") == losses(tmp_path / "b")


def test_finished_teachers_serve_students_of_other_lengths(folder: Path, tmp_path: Path) -> None:
    """What a teacher merely inherits, and what changes the speed alone, is no other teacher; what its row says is."""
    given = {"teachers": tmp_path / "teachers"}
    run(folder, tmp_path / "a", "c2kd-tiny", **given, epochs=1)
    made = (tmp_path / "teachers/tiny-a/model/model.safetensors").read_bytes()
    longer = run(folder, tmp_path / "b", "c2kd-tiny", **given, epochs=2, gradient_chunk=8, evaluate_every=1)
    assert len(losses(longer.out)) == 12
    assert (tmp_path / "teachers/tiny-a/model/model.safetensors").read_bytes() == made
    rows = [{"name": name, "encoder": "tiny", "epochs": 2} for name in ("tiny-a", "tiny-b", "tiny-c")]
    stated = training_recipe("c2kd-tiny", {**SMALL, "teachers": rows, "epochs": 1})
    files = {"dataset": folder / "data", "features": folder / "features", "device": "cpu"}
    with pytest.raises(TrainingError, match="tiny-a holds another run"):
        train(stated, **files, out=tmp_path / "c", teachers=tmp_path / "teachers")


def test_resuming_nothing_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"there is no run in .*/run to go on with"):
        run(folder, tmp_path / "run", resume=True)


def test_a_strangers_folder_is_left_alone(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    (out / "model").mkdir(parents=True)
    precious = [out / "model/notes.txt", out / "checkpoint-000001.safetensors", out / "metrics.jsonl"]
    for path in precious:
        path.write_text("precious")
    with pytest.raises(MyCookError, match=r"it holds 'checkpoint-000001\.safetensors'"):
        run(folder, out)
    assert [path.read_text() for path in precious] == ["precious"] * 3
    assert {path.name for path in out.rglob("*")} == {"model", *(path.name for path in precious)}


def test_files_put_into_a_run_are_not_lost(folder: Path, tmp_path: Path) -> None:
    out = run(folder, tmp_path / "run", epochs=1).out
    (out / "evaluation/notes.txt").write_text("precious")
    with pytest.raises(MyCookError, match=r"notes\.txt"):
        evaluate_run(out, device="cpu")
    assert (out / "evaluation/notes.txt").read_text() == "precious"


@pytest.mark.parametrize("change", [{"finished": True}, {"step": 3}, {"step": 10**9}, {"best_epoch": -1}])
def test_an_edited_checkpoint_is_refused(folder: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    """An impossible step would resume to other weights, and say nothing."""
    with pytest.raises(Killed):
        run(folder, tmp_path / "run", checkpoint_steps=4, listener=KillAt("translate-train-tiny", 5))
    path = tmp_path / "run/checkpoint.json"
    found = json.loads(path.read_text())
    found["state"]["loop"] |= change
    path.write_text(json.dumps(found))
    with pytest.raises(TrainingError, match="is damaged"):
        run(folder, tmp_path / "run", checkpoint_steps=4, resume=True)


@pytest.mark.parametrize(
    "change",
    [{"recipe": [1]}, {"recipe": {"name": "x", "lr": "fast"}}, {"dataset": 5}, {"finished": "yes"}, {"identity": 3}],
)
def test_an_edited_record_of_a_run_is_one_line(folder: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    (tmp_path / "run").mkdir()
    whole = {"recipe": {"name": "x"}, "dataset": "d", "features": str(folder / "features"), "identity": {}}
    (tmp_path / "run/run.json").write_text(json.dumps(whole | {"finished": True} | change))
    with pytest.raises(MyCookError) as caught:
        evaluate_run(tmp_path / "run", device="cpu")
    assert "\n" not in str(caught.value)


def test_other_languages_of_an_evaluation_are_kept(folder: Path, tmp_path: Path) -> None:
    out = run(folder, tmp_path / "run", epochs=1).out
    before = json.loads((out / "evaluation/scores.json").read_text())["scores"]
    one = evaluate_run(out, langs=("de",), device="cpu")
    assert {row.lang for row in one.rows} == {"de"}
    assert json.loads((out / "evaluation/scores.json").read_text())["scores"] == before
    pool = tmp_path / "few.txt"
    pool.write_text("\n".join(load_captions(folder / "data", split="validation").clip_ids[:8]))
    evaluate_run(out, langs=("de",), pool=str(pool), device="cpu")  # another table, which takes the place of the first
    assert {row["lang"] for row in json.loads((out / "evaluation/scores.json").read_text())["scores"]} == {"de"}


def test_a_device_that_is_not_there(folder: Path, tmp_path: Path) -> None:
    out = run(folder, tmp_path / "run", epochs=1).out
    for device, message in (("cuda", "no CUDA device"), ("gpu", "unknown device 'gpu'")):
        if device == "cuda" and torch.cuda.is_available():
            continue
        with pytest.raises(TrainingError, match=message):
            evaluate_run(out, device=device)


def test_threads_are_for_the_run_alone_and_no_more_than_cores(folder: Path, tmp_path: Path) -> None:
    before, seen = torch.get_num_threads(), []

    class Threads(Silent):
        def started(self, what: str, done: int = 0, total: int = 0) -> None:
            seen.append(torch.get_num_threads())

    run(folder, tmp_path / "run", epochs=1, threads=1, listener=Threads())
    assert set(seen) == {1}
    assert torch.get_num_threads() == before
    for threads in (0, 5000):
        with pytest.raises(TrainingError, match=rf"--threads {threads} on \d+ cores"):
            run(folder, tmp_path / str(threads), threads=threads)


def test_several_captions_train_and_teach(tmp_path: Path) -> None:
    """Ten captions a clip and language: every English one has a row of the teachers'."""
    make_dataset(tmp_path / "data", captions=10)
    make_features(tmp_path / "data", tmp_path / "features")
    result = run(tmp_path, tmp_path / "run", "c2kd-tiny", epochs=2)
    cache = next((tmp_path / "run/teachers/tiny-a").glob("embeddings-*.safetensors"))
    assert len(load_file(cache)["text_ME"]) == 96 * 10
    assert result.evaluation is not None
    assert "|query:first|" in result.evaluation.row("t2v", "de").signature
    found = evaluate_run(result.out, query="all", device="cpu")
    assert "|pool:32|queries:320|query:all|" in found.row("t2v", "en").signature
    assert len(losses(result.out)) == 12


def test_dropout_and_weight_decay_change_the_training_and_zero_does_not(folder: Path, tmp_path: Path) -> None:
    plain, zero, *others = (
        losses(run(folder, tmp_path / str(number), epochs=2, **given).out)
        for number, given in enumerate(
            ({}, {"dropout": 0.0, "weight_decay": 0.0}, {"dropout": 0.3}, {"input_dropout": 0.3}, {"weight_decay": 0.5})
        )
    )
    assert plain == zero
    assert all(other != plain for other in others)


def test_a_run_killed_among_its_teachers_goes_on(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        run(folder, tmp_path / "run", "c2kd-tiny", listener=KillAt("teacher-tiny-b", 8))
    done = (tmp_path / "run/teachers/tiny-a/metrics.jsonl").stat().st_mtime_ns
    run(folder, tmp_path / "run", "c2kd-tiny", resume=True)
    assert (tmp_path / "run/teachers/tiny-a/metrics.jsonl").stat().st_mtime_ns == done
    straight = run(folder, tmp_path / "straight", "c2kd-tiny")
    assert losses(tmp_path / "run/teachers/tiny-b") == losses(straight.out / "teachers/tiny-b")
    assert losses(tmp_path / "run") == losses(straight.out)


def test_a_loss_that_is_not_finite_stops_the_run(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(
        TrainingError, match=r"stopped before step \d+: the .* (nan|inf); clips of the batch: video"
    ) as caught:
        run(folder, tmp_path / "run", lr=1e30, epochs=5)
    assert "\n" not in str(caught.value)
    last = read_metrics(tmp_path / "run")[-1]
    assert last["kind"] == "stopped"
    assert len(last["clip_ids"]) == 16


def test_early_stop_keeps_the_best(folder: Path, tmp_path: Path) -> None:
    """With a step so large that the model soon forgets, the saved weights are those of the best evaluation."""
    result = run(folder, tmp_path / "run", epochs=60, lr=0.05, lr_decay=1.0, patience=3, evaluate_every=1)
    found = [line for line in read_metrics(result.out) if line["kind"] == "evaluation"]
    assert len(found) == result.state.best_epoch + 3 < 60
    assert result.state.best == max(line["criterion"] for line in found)
    assert result.evaluation is not None
    row = result.evaluation.row("t2v", "mean")
    assert row.values["geometric_mean"] == pytest.approx(result.state.best)
    assert "select:best-on-validation" in result.evaluation.row("t2v", "de").signature


def test_a_frozen_text_tower_is_encoded_once(folder: Path, tmp_path: Path, bert_folder: Path) -> None:
    given = {"encoder": str(bert_folder), "freeze_text": True, "epochs": 2}
    result = run(folder, tmp_path / "run", **given)
    before = load_encoder(str(bert_folder), offline=True).state_dict()
    after = {
        name.removeprefix("text.encoder."): value for name, value in weights(result.out).items() if "encoder" in name
    }
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert losses(result.out)[-1][1] != losses(result.out)[0][1]


def test_sentence_vectors_computed_elsewhere(folder: Path, tmp_path: Path) -> None:
    """Trained, taught, evaluated without any text encoder."""
    triples = []
    for split in ("train", "validation"):
        captions = load_captions(folder / "data", split=split, accepted_only=False)
        for lang, texts in captions.texts.items():
            for clip, found in zip(captions.clip_ids, texts, strict=True):
                if found:
                    triples.append((clip, lang, [float(byte) for byte in clip[-8:].encode()]))
    write_vectors(tmp_path / "vectors", triples, name="elsewhere")
    name = f"vectors:{tmp_path / 'vectors'}"
    teachers = [{"name": "t", "encoder": name}]
    result = train(
        training_recipe("c2kd-tiny", {**SMALL, "encoder": name, "teachers": teachers}),
        dataset=folder / "data",
        features=folder / "features",
        out=tmp_path / "run",
        device="cpu",
    )
    assert len(losses(result.out)) == 12
    assert result.evaluation is not None
    write_vectors(tmp_path / "few", triples[:5], name="elsewhere")
    with pytest.raises(FeatureError, match="lacks the sentence vectors of"):
        run(folder, tmp_path / "other", encoder=f"vectors:{tmp_path / 'few'}")


def test_clips_without_features_are_left_out_and_counted_as_misses(folder: Path, tmp_path: Path) -> None:
    ids = pq.read_table(folder / "data/en/validation.parquet")["clip_id"].to_pylist()
    make_features(folder / "data", tmp_path / "features", without=("video000_1", *ids[:4]))
    notes: list[str] = []

    class Notes(Silent):
        def note(self, message: str) -> None:
            notes.append(message)

    given = {"features": tmp_path / "features", "listener": Notes(), "epochs": 1, "max_frames": 11}
    result = run(folder, tmp_path / "run", **given)
    store = FeatureStore.open(tmp_path / "features")
    longer = sum(
        len(store[clip]) > 11 for clip in load_captions(folder / "data", split="train").clip_ids if clip in store
    )
    assert 0 < longer < 90
    assert notes == [
        "1 training clips are left out for lack of features, first video000_1",
        f"{longer} training clips have more than 11 frames: the later ones are not seen",
    ]
    assert result.evaluation is not None
    assert result.evaluation.without_features == tuple(ids[:4])
    assert "|pool:32|missing:4|" in result.evaluation.row("t2v", "de").signature


def test_a_language_subset_without_english_is_taught_all_the_same(folder: Path, tmp_path: Path) -> None:
    result = run(folder, tmp_path / "run", "c2kd-tiny", languages="de,ja", epochs=1, contrastive_weight=0.0)
    assert losses(result.out)[0][1] > 0  # with w = 0 the loss is distillation alone
    assert result.evaluation is not None
    assert {row.lang for row in result.evaluation.rows} == {"de", "ja", "mean"}


def test_bf16_computes_in_half_and_keeps_float32(folder: Path, tmp_path: Path) -> None:
    result = run(folder, tmp_path / "run", precision="bf16", epochs=1)
    plain = run(folder, tmp_path / "plain", epochs=1)
    assert losses(result.out) != losses(plain.out)
    assert losses(result.out)[0][1] == pytest.approx(losses(plain.out)[0][1], rel=0.05)
    assert all(value.dtype == torch.float32 for value in weights(result.out).values())


def test_bad_input_is_one_line(folder: Path, tmp_path: Path) -> None:
    make_dataset(tmp_path / "other", seed=3)
    simulate({"unknown_0": "mix the eggs"}, tmp_path / "strangers")
    simulate(load_captions(folder / "data", split="validation").english(), tmp_path / "validation-only", dim=8)
    cases: list[tuple[type[MyCookError], str, dict[str, Any]]] = [
        (TrainingError, "a batch of 97 clips cannot be drawn from 96 clips", {"batch_size": 97}),
        (DatasetError, "has no language 'fr'", {"languages": "en,fr"}),
        (FeatureError, "is no feature store", {"features": tmp_path / "nowhere"}),
        (FeatureError, "none of the 96 clips of split 'train' has features", {"features": tmp_path / "strangers"}),
        (FeatureError, "none of the 96 clips of split 'train' has", {"features": tmp_path / "validation-only"}),
        (DatasetError, "is no folder", {"dataset": tmp_path / "nowhere"}),
        (MyCookError, "unknown text encoder 'labs'", {"encoder": "labs"}),
        (MyCookError, "cannot be frozen", {"freeze_text": True}),
    ]
    with pytest.raises(DatasetError, match="offline nothing is downloaded"):
        run(folder, tmp_path / "hub", dataset="owner/name", offline=True)
    for number, (kind, message, given) in enumerate(cases):
        with pytest.raises(kind, match=message) as caught:
            run(folder, tmp_path / f"run{number}", **given)
        assert "\n" not in str(caught.value)


def test_evaluating_with_features_of_another_size(folder: Path, tmp_path: Path) -> None:
    out = run(folder, tmp_path / "run", epochs=1).out
    make_features(folder / "data", tmp_path / "wide", dim=40)
    with pytest.raises(TrainingError, match="have 40 dimensions, the model takes 32"):
        evaluate_run(out, features=tmp_path / "wide", device="cpu")
    with pytest.raises(TrainingError, match="holds no run"):
        evaluate_run(tmp_path / "nowhere")


def test_the_mixing_weights_of_teachers_decay_with_the_learning_rate(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, plain = [], torch.optim.AdamW.step

    def step(optimizer: torch.optim.AdamW, *arguments: Any) -> Any:
        taken.append([group["lr"] for group in optimizer.param_groups])
        return plain(optimizer, *arguments)

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    given = {"lr": 1e-3, "learned_lr": 0.01, "lr_decay": 0.5, "batch_size": 48, "epochs": 2}
    run(folder, tmp_path / "run", "c2kd-tiny", objective="learned", **given)
    assert taken[-4:] == [[1e-3, 0.01], [1e-3, 0.01], [5e-4, 0.005], [5e-4, 0.005]]  # two steps an epoch


def test_learning_rate_decays_an_epoch() -> None:
    recipe = training_recipe("c2kd-youcook2")
    assert [learning_rate(recipe, epoch) for epoch in range(3)] == pytest.approx([1e-4, 9e-5, 8.1e-5])


def test_public_name() -> None:
    assert multiyoucook2.train is train
