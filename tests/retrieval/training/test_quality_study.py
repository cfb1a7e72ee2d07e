"""The study of quality: what is trained, on which captions, and what is said of it."""

import json
from pathlib import Path

import pytest
from conftest import MyCook

from multiyoucook2.corpus.captions import load_captions
from multiyoucook2.corpus.provenance import read_provenance
from multiyoucook2.corpus.variant import variant_hash
from multiyoucook2.errors import DatasetError, MyCookError, RecipeError
from multiyoucook2.retrieval.recipe import override, training_recipe
from multiyoucook2.retrieval.training.quality_page import write_quality_page
from multiyoucook2.retrieval.training.quality_study import QualityStudy, _with_random, study_quality
from multiyoucook2.retrieval.training.replicates import Ground, Machine

from ..small_data import add_quality, make_dataset, make_features
from .whole_runs import SMALL, KillAt, Killed

RECIPE = training_recipe("translate-train-tiny", {**SMALL, "epochs": 1, "evaluate_every": 0, "batch_size": 8})


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set ``data`` with qualities, one ``other`` of the same clips, and ``features``. Never write into it."""
    folder = tmp_path_factory.mktemp("inputs")
    add_quality(make_dataset(folder / "data", clips=24, validation=16))
    add_quality(make_dataset(folder / "other", clips=24, validation=16), seed=1)
    about = folder / "other/multiyoucook2.json"
    about.write_text(about.read_text().replace("0" * 64, "1" * 64))  # other acceptance, so other content
    make_features(folder / "data", folder / "features")
    return folder


def study(inputs: Path, out: Path, **given: object) -> QualityStudy:
    files = {"dataset": inputs / "data", "features": inputs / "features", "out": out}
    settings = {"seeds": [0, 1], "machine": Machine("cpu"), "against": {"other": str(inputs / "other")}}
    return study_quality(RECIPE, **{**files, **settings, **given})  # type: ignore[arg-type]


def test_a_study_killed_and_gone_on_with(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "study"
    with pytest.raises(Killed):
        study(inputs, out, listener=KillAt("as-many-at-random-seed1", 2))
    assert json.loads((out / "study.json").read_text())["finished"] is False
    done = {path: path.stat().st_mtime_ns for path in out.glob("*-seed0/*.json*")}
    assert len(list(out.glob("*-seed0/run.json"))) == 4
    found = study(inputs, out)
    assert {path: path.stat().st_mtime_ns for path in done} == done  # nothing finished was touched
    made = {lang: read_provenance(inputs / "data", lang=lang, split="train").values() for lang in ("de", "ja")}
    accepted = sum(one.accepted for of in made.values() for one in of)
    every = sum(map(len, made.values()))
    assert [(arm.name, arm.captions, arm.of) for arm in found.arms[:3]] == [
        ("every", every, every),
        ("accepted", accepted, every),
        ("as-many-at-random", accepted, every),
    ]
    assert found.arms[3].name == "other"
    assert found.arms[0].gain is None
    assert found.arms[1].gain is not None
    difference = found.arms[1].recall["mean"].value - found.arms[0].recall["mean"].value
    assert found.arms[1].gain["mean"].value == pytest.approx(difference)
    checks = {row.group: row for row in found.groups if (row.by, row.lang) == ("checks", "all")}
    queries = sum(len(read_provenance(inputs / "data", lang=lang, split="validation")) for lang in ("de", "ja"))
    assert checks["refused"].queries + checks["accepted"].queries == queries
    kept = json.loads((out / "study.json").read_text())
    assert (kept["finished"], kept["seeds"], kept["dataset"]) == (True, [0, 1], str(inputs / "data"))
    files = write_quality_page(found, out / "report")
    assert {path.name for path in files} >= {"report.html", "quality.png", "quality.svg", "quality.pdf", "training.pdf"}
    assert "trained on" in files[0].read_text()


def test_random_leaves_out_as_many_in_each_language(inputs: Path, tmp_path: Path) -> None:
    study(inputs, tmp_path / "study", against={}, seeds=[4])
    chosen = load_captions(inputs / "data", split="train")
    drawn = load_captions(tmp_path / "study/data/as-many-at-random-seed4", split="train")
    for lang in ("de", "ja"):
        kept = [[bool(of) for of in captions.texts[lang]] for captions in (chosen, drawn)]
        assert sum(kept[0]) == sum(kept[1])
        assert kept[0] != kept[1]
    assert drawn.texts["en"] == chosen.texts["en"]


def test_random_captions_of_an_older_data_set_are_drawn_anew(inputs: Path, tmp_path: Path) -> None:
    features, made = inputs / "features", {}
    for name in ("data", "other"):
        made[name] = {lang: read_provenance(inputs / name, lang=lang, split="train") for lang in ("de", "ja")}
    old = _with_random(tmp_path, Ground.of(inputs / "data", features), made["data"], 0)
    again = _with_random(tmp_path, Ground.of(inputs / "data", features), made["data"], 0)
    assert again == old
    rebuilt = Ground.of(inputs / "other", features)
    new = _with_random(tmp_path, rebuilt, made["other"], 0)
    assert new.dataset == old.dataset
    assert new.data_hash == variant_hash(rebuilt.data_hash, "as-many-at-random-seed0") != old.data_hash
    kept = load_captions(new.dataset, split="train").texts["de"]
    refused = sum(not one.accepted for one in made["other"]["de"].values())
    assert sum(not of for of in kept) == refused


def test_some_languages_alone(inputs: Path, tmp_path: Path) -> None:
    """Whatever a run was trained on, the languages of the recipe are asked, and no other."""
    recipe = override(RECIPE, {"languages": "en,de"})
    found = study_quality(
        recipe, dataset=inputs / "data", features=inputs / "features", out=tmp_path / "q", seeds=[0],
        machine=Machine("cpu"),
    )  # fmt: skip
    assert found.languages == ("en", "de")
    for run in (tmp_path / "q").glob("*-seed0/evaluation/scores.json"):
        rows = json.loads(run.read_text())["scores"]
        assert {row["lang"] for row in rows} == {"en", "de", "mean", "mean-not-en"}, run


def test_what_cannot_be_studied(inputs: Path, folder: Path, tmp_path: Path) -> None:
    for given, error, message in (
        ({"dataset": folder / "data", "features": folder / "features"}, DatasetError, "has a quality"),
        ({"bins": [0.5, 0.4]}, MyCookError, "must rise"),
        ({"against": {"as-many-at-random": str(inputs / "other")}}, RecipeError, "is called as-many-at-random"),
        ({"against": {"a/b": str(inputs / "other")}}, RecipeError, "a/b"),
    ):
        with pytest.raises(error, match=message):
            study(inputs, tmp_path / "new", **given)
        assert not (tmp_path / "new").exists()


def test_a_data_set_of_other_splits_is_refused(inputs: Path, tmp_path: Path) -> None:
    """Of 40 clips, the last 16 are held out by one and the last 8 by the other: 8 leak, whichever trains on them."""
    make_dataset(tmp_path / "fewer", clips=32, validation=8)
    study_of = {"against": {"fewer": str(tmp_path / "fewer")}}
    with pytest.raises(
        DatasetError, match=r"8 clips of the split train of .*fewer are in .* of .*data, first 'video006_0'"
    ):
        study(inputs, tmp_path / "new", **study_of)
    longer = add_quality(make_dataset(tmp_path / "longer", clips=32, validation=8))
    make_features(longer, tmp_path / "features")
    back = {"dataset": longer, "features": tmp_path / "features", "against": {"data": str(inputs / "data")}}
    with pytest.raises(
        DatasetError, match=r"8 clips of the split train of .*longer are in the split validation of .*data"
    ):
        study(inputs, tmp_path / "new", **back)
    assert not (tmp_path / "new").exists()


def test_the_command(inputs: Path, mycook: MyCook) -> None:
    small = [f"--set={key}={value}" for key, value in SMALL.items() if key != "tiny"]
    files = ["--dataset", inputs / "data", "--features", inputs / "features", "--seeds", 0, "--threads", 1]
    command = ["study", "quality", *files, *small, "--set=batch_size=8", "--set=epochs=1", "--out", "q"]
    said = json.loads(mycook(*command, "--json").stdout)
    assert said["measure"] == "recall_at_10"
    shown = mycook(*command).stdout
    for part in (
        "by the translation that asks",
        "0.25 to 0.5",
        "refused",
        "every",
        "as-many-at-random",
        "q/report/report.html",
    ):
        assert part in shown
    assert "no numbers" in mycook("study", "quality", *files, "--bins", "low", code=1).stderr
    assert "--against NAME=FOLDER" in mycook("study", "quality", *files, "--against", "x", code=1).stderr
