"""The study of teachers: what is trained, how often, and what is said of it."""

import json
import math
from pathlib import Path

import pytest
import torch

from multiyoucook2.errors import RecipeError
from multiyoucook2.retrieval.objectives.base import OBJECTIVES
from multiyoucook2.retrieval.recipe import training_recipe
from multiyoucook2.retrieval.training.replicates import Machine
from multiyoucook2.retrieval.training.teacher_page import write_teacher_page
from multiyoucook2.retrieval.training.teacher_study import _entropy, combine, study_teachers

from .whole_runs import SMALL, KillAt, Killed


def test_combinations() -> None:
    assert [one.called for one in combine(["a", "b"], ["max", "mean"])] == ["a", "b", "a+b-max", "a+b-mean"]
    assert [one.called for one in combine(["a", "b"], ["min"], which="alone")] == ["a", "b"]
    assert len(combine(list("abc"), ["max"])) == 7
    some = combine(list("abc"), ["max", "min"], which="c+a, a+b+c,a+c")
    assert [one.called for one in some] == ["a", "b", "c", "a+c-max", "a+c-min", "a+b+c-max", "a+b+c-min"]
    for names, reduces, which, message in (
        (["a"], ["median"], "all", "unknown reduce 'median'"),
        ([], ["max"], "all", "needs a teacher"),
        (["a"], ["max"], "some", "unknown combinations 'some'"),
        (["a", "b"], ["max"], "a+d", "no teacher 'd'"),
        (["a", "b"], ["max"], "a+b,a", "only one teacher in 'a'"),
    ):
        with pytest.raises(RecipeError, match=message):
            combine(names, reduces, which=which)


def test_where_nothing_is_reduced() -> None:
    """A student of one teacher is the same whatever the reduces, in whatever order; an objective that imitates each
    teacher by itself has one student a set, not one a reduce that are all the same."""
    assert combine(["a"], ["mean", "max"])[0] == combine(["a"], ["max"])[0]
    assert [one.called for one in combine(["a", "b"], None)] == ["a", "b", "a+b"]
    reducing = {one.name for one in OBJECTIVES if one.reduces}
    assert reducing == {"c2kd", "teachtext"}
    flat, sharp = torch.ones(3, 3), 100 * torch.eye(3)
    for objective, reduce, wanted in (("c2kd", "max", 0.0), ("multi-task", None, math.log(3) / 2)):
        recipe = training_recipe("c2kd-tiny", {"objective": objective})
        assert _entropy(recipe, [flat, sharp], reduce) == pytest.approx(wanted, abs=1e-6)


def test_reduces_of_an_objective_without_any_are_refused(tmp_path: Path) -> None:
    recipe = training_recipe("c2kd-tiny", {"objective": "learned"})
    with pytest.raises(RecipeError, match="learned imitates each teacher by itself, so nothing is reduced"):
        study_teachers(recipe, dataset="d", features="f", out=tmp_path / "s", reduces=["max", "mean"])


def test_a_study_killed_and_gone_on_with(folder: Path, tmp_path: Path) -> None:
    recipe = training_recipe("c2kd-tiny", {**SMALL, "epochs": 1, "evaluate_every": 0})
    given = {"dataset": folder / "data", "features": folder / "features", "out": tmp_path / "study"}
    given |= {"machine": Machine("cpu")}
    given |= {"teachers": ["tiny-a", "tiny-b"], "reduces": ["max", "mean"], "seeds": [0, 1]}
    with pytest.raises(Killed):
        study_teachers(recipe, **given, listener=KillAt("tiny-b", 3))
    teacher = tmp_path / "study/teachers/tiny-a/metrics.jsonl"
    trained = teacher.stat().st_mtime_ns
    found = study_teachers(recipe, **given)
    assert teacher.stat().st_mtime_ns == trained
    names = ["translate-train", "tiny-a", "tiny-b", "tiny-a+tiny-b-max", "tiny-a+tiny-b-mean"]
    assert [one.name for one in found.students] == names
    assert all(one.seeds == (0, 1) for one in found.students)
    assert list(found.gains) == list(found.entropy) == names[1:]
    gain = found.gains["tiny-a"]["mean"]
    cells = [one.cells["mean"].value for one in found.students]
    assert gain.value == pytest.approx(cells[1] - cells[0])
    assert gain.low <= gain.value <= gain.high
    assert set(found.teachers) == {"tiny-a", "tiny-b"}
    assert set(found.teachers["tiny-a"]) >= {"en", "de", "ja", "mean"}
    assert [(one.one, one.other) for one in found.agreement] == [("tiny-a", "tiny-b")]
    kept = json.loads((tmp_path / "study/study.json").read_text())
    assert kept["students"][1]["cells"]["mean"]["value"] == cells[1]
    assert kept["finished"] is True
    files = write_teacher_page(found, tmp_path / "study/report")
    names = {"report", "recalls", "gains", "entropy", "agreement"}
    assert {path.stem for path in files} == names
    assert {path.suffix for path in files} == {".html", ".png", ".svg", ".pdf"}
    assert "tiny-a+tiny-b-mean" in files[0].read_text()
    assert found.chance == pytest.approx(10 / 32 * 100)
    with pytest.raises(RecipeError, match="has no teacher 'tiny-d'"):
        study_teachers(recipe, **{**given, "teachers": ["tiny-d"]})
    with pytest.raises(RecipeError, match="0 twice"):
        study_teachers(recipe, **{**given, "seeds": [0, 0]})


def test_teachers_are_asked_in_the_languages_of_the_students(folder: Path, tmp_path: Path) -> None:
    """The data set has three; a mean over one that nobody was trained on does not compare."""
    recipe = training_recipe("c2kd-tiny", {**SMALL, "epochs": 1, "evaluate_every": 0, "languages": "en,de"})
    found = study_teachers(
        recipe, dataset=folder / "data", features=folder / "features", out=tmp_path / "s", teachers=["tiny-a"],
        machine=Machine("cpu"),
    )  # fmt: skip
    own = found.teachers["tiny-a"]
    assert list(own) == list(found.students[0].cells) == ["en", "de", "mean", "mean-not-en"]
    assert own["mean"] == pytest.approx((own["en"] + own["de"]) / 2)
