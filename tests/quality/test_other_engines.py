"""Checks that compare with another engine: what is in it is part of what a validation depends on."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from multiyoucook2.building.api import build
from multiyoucook2.building.checking import Check, verdicts_of
from multiyoucook2.building.opening import validate_again
from multiyoucook2.building.reading import CAPTIONS
from multiyoucook2.building.recipe import DatasetRecipe
from multiyoucook2.building.stage import Tools
from multiyoucook2.building.stages import check_stages, resolve_engines
from multiyoucook2.errors import ModelError
from multiyoucook2.progress import Silent
from multiyoucook2.settings import load_recipe
from tests.conftest import FAST

CLIPS = 4


def settings(tmp_path: Path, **checks: Any) -> tuple[Any, tuple[str, ...]]:
    """What the validation of German depends on: settings and packages."""
    recipe = load_recipe(DatasetRecipe, "datasets", str(FAST), {"languages": "de", "checks": checks})
    stage = check_stages(recipe, tmp_path, Tools(tmp_path, tmp_path, offline=True))[0]
    assert isinstance(stage, Check)
    return stage.settings(), stage.packages


def test_an_exchanged_model_folder_is_noticed(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "second"
    shutil.copytree(tiny_model, folder)
    before = settings(tmp_path, agreement=str(folder))
    assert settings(tmp_path, agreement=str(folder)) == before
    (folder / "model.bin").write_bytes((folder / "model.bin").read_bytes() + b"x")
    assert settings(tmp_path, agreement=str(folder))[0] != before[0]
    assert "ctranslate2" in before[1]
    plain = settings(tmp_path)
    assert "others" not in plain[0], "as it was for builds without another engine"
    assert "ctranslate2" not in plain[1]


def test_translations_by_people_repair_no_machines(tiny_model: Path, tmp_path: Path) -> None:
    """They would be published as a machine's."""
    table = tmp_path / "by_people.tsv"
    values = {"languages": "de", "engine": str(tiny_model), "repair": {"engine": f"table:{table}"}}
    recipe, tools = load_recipe(DatasetRecipe, "datasets", str(FAST), values), Tools(tmp_path, tmp_path, offline=True)
    table.write_text("source\ttranslation\norange\tOrange\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"repair\.engine: by_people\.tsv has translations by people"):
        resolve_engines(recipe, tools)
    table.write_text("source\ttranslation\torigin\norange\tOrange\tmachine\n", encoding="utf-8")
    assert [engine.name for engine in resolve_engines(recipe, tools)["de"]][1:] == ["by_people.tsv"]


def test_a_build_is_validated_again_by_another_file_of_the_same_name(tiny_model: Path, tmp_path: Path) -> None:
    second, out = tmp_path / "second.tsv", tmp_path / "out"
    rows = "source\ttranslation\torigin\n{}\teins\tmachine\n"
    second.write_text(rows.format("nothing of it"), encoding="utf-8")
    checks = {"agreement": f"table:{second}"}
    made = build(
        str(FAST), engine=str(tiny_model), langs="de", limit=CLIPS, offline=True, out=out, overrides={"checks": checks}
    )

    def found() -> list[str]:
        verdicts = validate_again(out, Silent()).results[verdicts_of("de")].to_pylist()
        return [row["reason"] for row in verdicts if row["check"] == "agreement"]

    assert made.dataset is not None
    assert found() == []
    english = [row["text"] for row in validate_again(out, Silent()).results[CAPTIONS].to_pylist()]
    second.write_text("source\ttranslation\n" + "".join(f"{text}\tetwas anderes\n" for text in english))
    assert len(found()) == CLIPS
    assert all(reason.endswith("etwas anderes") for reason in found())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"checks": {"agreement": "no-such-model"}}, "checks.agreement: unknown engine 'no-such-model'"),
        ({"checks": {"round_trip": "mini"}}, "checks.round_trip: engine 'mini' does not translate into 'en'"),
        ({"repair": {"engine": "no-such-model"}}, "repair.engine: unknown engine 'no-such-model'"),
    ],
)
def test_an_engine_that_cannot_serve_is_named_with_its_key(
    values: dict[str, Any], message: str, tmp_path: Path
) -> None:
    """Before anything is read or translated."""
    recipe = load_recipe(DatasetRecipe, "datasets", str(FAST), {"languages": "de", **values})
    tools = Tools(tmp_path, tmp_path, offline=True)

    def resolving() -> None:
        resolve_engines(recipe, tools)
        check_stages(recipe, tmp_path, tools)

    with pytest.raises(ModelError, match=re.escape(message)):
        resolving()
