"""The folders of whole runs: resumed = straight, never overwritten, shared teachers, edited records, bad input."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch

import multiyoucook2
from multiyoucook2.corpus.captions import load_captions
from multiyoucook2.errors import DatasetError, FeatureError, ModelError, MyCookError, TrainingError
from multiyoucook2.features.simulated import simulate
from multiyoucook2.progress import Silent
from multiyoucook2.retrieval.evaluation.run import evaluate_run
from multiyoucook2.retrieval.recipe import Teacher, training_recipe
from multiyoucook2.retrieval.training.run import train

from ..small_data import make_dataset, make_features
from .whole_runs import SMALL, KillAt, Killed, losses, run, weights


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


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        ("labze", "unknown text encoder 'labze'"),
        ("nobody/nothing", "cannot load the text encoder 'nobody/nothing'"),
        ("vectors:nowhere", "nowhere"),
    ],
)
def test_an_encoder_that_is_not_there_is_found_before_the_teachers_are_trained(
    folder: Path, tmp_path: Path, encoder: str, message: str
) -> None:
    with pytest.raises(MyCookError, match=message):
        run(folder, tmp_path / "run", "c2kd-tiny", encoder=encoder, offline=True)
    assert not (tmp_path / "run/teachers").exists()


def test_the_encoder_of_the_last_teacher_is_looked_for_before_the_first_is_trained(
    folder: Path, tmp_path: Path
) -> None:
    teachers = tuple(Teacher(name=name, encoder=name) for name in ("tiny", "labze"))
    plan = training_recipe("c2kd-tiny", SMALL).model_copy(update={"teachers": teachers})
    files: dict[str, Any] = {"dataset": folder / "data", "features": folder / "features"}
    with pytest.raises(ModelError, match="unknown text encoder 'labze'"):
        train(plan, **files, out=tmp_path / "run", teachers=tmp_path / "shared", device="cpu")
    assert not (tmp_path / "shared").exists()


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


def test_what_cannot_be_scored_is_not_trained(folder: Path, tmp_path: Path) -> None:
    """A pool that is none, or without features, is said before any teacher is trained, not at the end."""
    ids = load_captions(folder / "data", split="validation").clip_ids
    make_features(folder / "data", tmp_path / "f", without=tuple(ids))
    given = {"dataset": folder / "data", "out": tmp_path / "run", "device": "cpu"}
    small = {**SMALL, "evaluate_every": 0}
    with pytest.raises(DatasetError, match="unknown pool 'youcok2-3350'"):
        train("c2kd-tiny", **given, features=folder / "features", overrides=small, pool="youcok2-3350")
    with pytest.raises(FeatureError, match="none of the 32 clips of the pool 'all' has features"):
        train("c2kd-tiny", **given, features=tmp_path / "f", overrides=small)
    assert not (tmp_path / "run").exists()


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


def test_a_large_teacher_of_a_tiny_student_has_all_cores(
    folder: Path, bert_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, set[int]] = {}

    class Threads(Silent):
        now = ""

        def started(self, what: str, done: int = 0, total: int = 0) -> None:
            self.now = what

        def progress(self, done: int, total: int, figures: Mapping[str, float] | None = None) -> None:
            seen.setdefault(self.now, set()).add(torch.get_num_threads())

    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1}, raising=False)
    torch.set_num_threads(2)
    plan = training_recipe("c2kd-tiny", {**SMALL, "epochs": 1, "evaluate_every": 0, "batch_size": 96})
    plan = plan.model_copy(update={"teachers": (Teacher(name="bert", encoder=str(bert_folder)),)})
    files: dict[str, Any] = {"dataset": folder / "data", "features": folder / "features"}
    train(plan, **files, out=tmp_path / "run", device="cpu", offline=True, listener=Threads())
    assert seen["teacher-bert"] == {2}
    assert seen["c2kd-tiny"] == {1}


def test_a_run_killed_among_its_teachers_goes_on(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        run(folder, tmp_path / "run", "c2kd-tiny", listener=KillAt("teacher-tiny-b", 8))
    done = (tmp_path / "run/teachers/tiny-a/metrics.jsonl").stat().st_mtime_ns
    run(folder, tmp_path / "run", "c2kd-tiny", resume=True)
    assert (tmp_path / "run/teachers/tiny-a/metrics.jsonl").stat().st_mtime_ns == done
    straight = run(folder, tmp_path / "straight", "c2kd-tiny")
    assert losses(tmp_path / "run/teachers/tiny-b") == losses(straight.out / "teachers/tiny-b")
    assert losses(tmp_path / "run") == losses(straight.out)


def test_bad_input_is_one_line(folder: Path, tmp_path: Path) -> None:
    make_dataset(tmp_path / "other", seed=3)
    simulate({"unknown_0": "mix the eggs"}, tmp_path / "strangers")
    simulate(load_captions(folder / "data", split="validation").english(), tmp_path / "validation-only", dim=8)
    cases: list[tuple[type[MyCookError], str, dict[str, Any]]] = [
        (TrainingError, "a batch of 97 clips cannot be drawn from 96 clips", {"batch_size": 97}),
        (DatasetError, "has no language 'fr'", {"languages": "en,fr"}),
        (FeatureError, "is no feature store", {"features": tmp_path / "nowhere"}),
        (FeatureError, "none of the 32 clips of the pool 'all' has features", {"features": tmp_path / "strangers"}),
        (FeatureError, "none of the 96 clips of split 'train' has", {"features": tmp_path / "validation-only"}),
        (DatasetError, "is no folder", {"dataset": tmp_path / "nowhere"}),
        (MyCookError, "unknown text encoder 'labs'", {"encoder": "labs"}),
        (MyCookError, "cannot be frozen", {"freeze_text": True}),
    ]
    make_dataset(tmp_path / "leaking")
    rows = pq.read_table(tmp_path / "leaking/de/train.parquet")
    pq.write_table(rows.slice(90), tmp_path / "leaking/de/validation.parquet")
    cases.append(
        (DatasetError, "6 clips of the split train of .* first 'video022_2'", {"dataset": tmp_path / "leaking"})
    )
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


def test_clips_that_were_trained_on_are_counted_where_they_are_scored(folder: Path, tmp_path: Path) -> None:
    """Of another data set, or of the run's own split train; nothing is said where training has refused such clips."""
    out = run(folder, tmp_path / "run", epochs=1).out
    make_dataset(
        tmp_path / "other", clips=90, seed=1
    )  # 6 of its 32 validation clips are among the run's 96 to train on
    make_dataset(tmp_path / "strangers", clips=96, seed=2)

    def notes(**given: Any) -> list[str]:
        heard: list[str] = []

        class Notes(Silent):
            def note(self, message: str) -> None:
                heard.append(message)

        evaluate_run(out, langs=("de",), device="cpu", save=False, resamples=0, listener=Notes(), **given)
        return heard

    trained = f"are in the split train of {folder / 'data'}, which the run was trained on, first"
    assert notes() == notes(dataset=tmp_path / "strangers") == []
    assert notes(dataset=tmp_path / "other") == [f"6 of the 32 clips that are scored {trained} video022_2"]
    assert notes(split="train") == [f"96 of the 96 clips that are scored {trained} video000_0"]
    shutil.copytree(folder / "data", tmp_path / "three")  # its third split, which training does not look at, leaks
    card = (tmp_path / "three/README.md").read_text()
    for lang in ("en", "de", "ja"):
        shutil.copy(tmp_path / "three" / lang / "train.parquet", tmp_path / "three" / lang / "test.parquet")
        row = f"  - {{split: train, path: {lang}/train.parquet}}\n"
        card = card.replace(row, row + row.replace("train", "test"))
    (tmp_path / "three/README.md").write_text(card)
    found = notes(dataset=tmp_path / "three", split="test")
    assert found == [f"96 of the 96 clips that are scored {trained} video000_0"]
    record = json.loads((out / "run.json").read_text())
    (out / "run.json").write_text(json.dumps(record | {"dataset": str(tmp_path / "nowhere")}))
    (unknown,) = notes(dataset=tmp_path / "other")
    assert unknown.startswith("clips that are scored may be among those trained on")
    assert notes(dataset=folder / "data") == []  # the same content, wherever it lies


def test_public_name() -> None:
    assert multiyoucook2.train is train
