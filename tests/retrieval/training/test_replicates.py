"""A study's folder: what is studied in it, and whether that is finished; without any training."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from multiyoucook2.corpus.captions import load_captions
from multiyoucook2.errors import RecipeError, WorkspaceError
from multiyoucook2.features.simulated import simulate
from multiyoucook2.retrieval.evaluation.run import evaluate_run
from multiyoucook2.retrieval.model.encoders import tiny_encoder
from multiyoucook2.retrieval.model.encoders.tiny import TinyConfig
from multiyoucook2.retrieval.model.towers import ModelConfig, TextVideoModel
from multiyoucook2.retrieval.recipe import Teacher, training_recipe
from multiyoucook2.retrieval.training.replicates import (
    Ground,
    Replicate,
    finish_study,
    require_distinct,
    study_folder,
    study_settings,
)

from ..small_data import make_dataset, make_features
from .whole_runs import SMALL

GROUND = Ground("build/a", "features/a", "hash-1", "hash-f", "all", {"clips": "all", "pool": 20}, ("en",))


def kept(home: Path) -> Any:
    return json.loads((home / "study.json").read_text())


def finished(home: Path, study: str = "teachers", ground: Ground = GROUND, **found: Any) -> None:
    settings = study_settings(study, ground)
    with study_folder(home, settings):
        finish_study(home, settings, found)


@pytest.mark.parametrize(
    ("study", "ground", "message"),
    [
        ("quality", GROUND, "holds the study 'teachers', not 'quality'"),
        ("teachers", replace(GROUND, data_hash="hash-2"), r"other data \(build/a, or what it held then\)"),
        ("teachers", replace(GROUND, features_hash="hash-g"), "other features"),
    ],
)
def test_another_study_is_refused_and_the_first_one_stays(
    study: str, ground: Ground, message: str, tmp_path: Path
) -> None:
    finished(tmp_path / "s", chance=5.0)
    before = kept(tmp_path / "s")
    with (
        pytest.raises(WorkspaceError, match=message) as error,
        study_folder(tmp_path / "s", study_settings(study, ground)),
    ):
        raise AssertionError("it must not begin")
    assert error.value.hint == "choose another folder with --out"
    assert kept(tmp_path / "s") == before


def test_a_study_that_runs_again_is_not_finished(tmp_path: Path) -> None:
    finished(tmp_path / "s", seeds=[0], old=1)
    moved = replace(GROUND, dataset="elsewhere/a")  # the same data in another place
    settings = study_settings("teachers", moved)
    with study_folder(tmp_path / "s", settings):
        assert kept(tmp_path / "s") == {**settings, "finished": False}
        finish_study(tmp_path / "s", settings, {"seeds": [0, 1]})
    assert kept(tmp_path / "s") == {**settings, "seeds": [0, 1], "finished": True}


def test_a_study_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text(json.dumps({"study": "teachers", "dataset": "build/a", "finished": True}))
    finished(tmp_path)
    assert kept(tmp_path)["data_hash"] == "hash-1"


def test_a_run_that_was_asked_otherwise_since_is_not_done(tmp_path: Path) -> None:
    """Then the study scores it again, rather than refuse to compare it, or take ranks of other queries for its own."""
    dataset = make_dataset(tmp_path / "data", clips=8, validation=8, captions=2)
    features = make_features(dataset, tmp_path / "features").folder
    plan, ground = training_recipe("translate-train-tiny", SMALL), Ground.of(dataset, features)
    done = Replicate(plan, tmp_path / "run", ground)
    config = ModelConfig(video_dim=32, embedding_dim=16, hidden_dim=16, blocks=1)
    encoder = tiny_encoder(["mix the onion"], config=TinyConfig(vocab_size=300, dim=16))
    TextVideoModel(config, encoder).save_pretrained(done.folder / "model")
    identity = {"recipe": plan.identity(), "data": ground.data_hash, "features": ground.features_hash}
    about = {"recipe": plan.model_dump(mode="json"), "dataset": str(dataset), "features": str(features)}
    (done.folder / "run.json").write_text(json.dumps({**about, "identity": identity, "finished": True}))

    def evaluated(**given: Any) -> bool:
        evaluate_run(done.folder, device="cpu", resamples=0, **given)
        return done.is_done()

    assert not done.is_done()
    assert evaluated()
    assert evaluated(langs=("de",))  # beside the others, which stay
    for given in ({"query": "all"}, {"query": "mean"}, {"duplicates": True}):
        assert not evaluated(**given)
    assert not evaluated(langs=("de",))  # now alone
    other = simulate(load_captions(dataset, split="validation").english(), tmp_path / "other", dim=32, seed=1)
    assert not evaluated(features=other.folder)
    assert evaluated()


def test_a_tiny_student_of_a_large_teacher_has_all_cores_until_that_is_trained(tmp_path: Path) -> None:
    teachers = (Teacher(name="large", encoder="labse"), Teacher(name="larger", encoder="labse"))
    plan = training_recipe("c2kd-tiny").model_copy(update={"teachers": teachers})
    run = Replicate(plan, tmp_path / "run", GROUND, teachers=tmp_path / "teachers")
    assert replace(run, plan=training_recipe("c2kd-tiny")).on_one_core()
    for name in ("large", "larger"):
        assert not run.on_one_core()
        (tmp_path / "teachers" / name).mkdir(parents=True)
        (tmp_path / "teachers" / name / "run.json").write_text(json.dumps({"recipe": {}, "finished": True}))
    assert run.on_one_core()


def test_what_counts_twice_is_refused() -> None:
    require_distinct(seeds=[0, 1], reduces=["max"])
    for given, message in (
        ({"seeds": [0, 1, 0]}, "the seeds of the study: 0 twice"),
        ({"seeds": []}, "the seeds of the study: nothing"),
        ({"seeds": [0], "reduces": ["max", "max"]}, "the reduces of the study: max twice"),
    ):
        with pytest.raises(RecipeError, match=message):
            require_distinct(**given)
