"""Recipes of data sets: the source language in any spelling, and that what ships fits together."""

from pathlib import Path

import pytest

from multiyoucook2.building.api import build
from multiyoucook2.building.publishing import Publish
from multiyoucook2.building.recipe import DatasetRecipe
from multiyoucook2.engines.registry import MODELS
from multiyoucook2.quality.settings import MIN_QUALITY
from multiyoucook2.retrieval.recipe import TrainingRecipe
from multiyoucook2.settings import load_recipe, recipe_names
from tests.conftest import MyCook

from .writing import write_csv

FAST = {"beam_size": 1, "max_length_factor": 1.0, "max_length_extra": 4, "batch_tokens": 512, "retry": False}
NOT_TRANSLATED = "none"
OF_TRAINING = {"msrvtt": "multi-msrvtt", "vatex": "multi-vatex", "youcook2": "multi-youcook2", "rudder": "rudder"}


@pytest.mark.parametrize(
    ("source", "spelled", "langs", "languages", "targets"),
    [
        ("custom", "English", "de", ("en", "de"), ("de",)),
        ("custom", "jp", "en,ja", ("ja", "en"), ("en",)),
        ("custom", "Spanish", "es,en", ("es", "en"), ("en",)),
        ("custom", "zh-CN", "en", ("zh", "en"), ("en",)),
        ("rudder", "Hindi", "mr", ("hi", "mr"), ("mr",)),
        ("youcook2", "Spanish", "de", ("en", "de"), ("de",)),  # it has no such option, which its reader says
    ],
)
def test_the_source_language_in_any_spelling(
    source: str, spelled: str, langs: str, languages: tuple[str, ...], targets: tuple[str, ...]
) -> None:
    values = {"languages": langs, "source": source, "source_options": {"language": spelled}}
    recipe = load_recipe(DatasetRecipe, "datasets", "custom", values)
    assert (recipe.languages, recipe.targets, recipe.source_language) == (languages, targets, languages[0])


def test_a_build_from_a_language_by_another_name(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MULTIYOUCOOK2_CACHE", str(tmp_path / "cache"))
    path = write_csv(tmp_path / "my.csv", [{"caption": "切洋葱"}, {"caption": "煮水"}])
    options = {"engine": str(tiny_model), "annotations": path, "out": tmp_path / "out", "threads": 1}
    fast = {"decoding": FAST, "checks": {"spelling": False, "language": False, "alignment": False}}
    overrides = {"source_options": {"language": "zh-CN"}, **fast}
    found = build("custom", **options, langs="de,zh", overrides=overrides)
    assert {lang: figures["rows"] for lang, figures in found.report["languages"].items()} == {"de": 2}
    assert (tmp_path / "out" / "dataset" / "zh" / "train.parquet").is_file()


@pytest.mark.parametrize("name", sorted({*recipe_names("datasets")} - {"custom"}))
def test_the_engines_of_a_recipe_that_ships_speak_its_languages(name: str) -> None:
    recipe = load_recipe(DatasetRecipe, "datasets", name)
    engines = {lang: recipe.engine_for(lang) for lang in recipe.targets if recipe.engine_for(lang) != NOT_TRANSLATED}
    assert [lang for lang, engine in engines.items() if lang not in MODELS[engine].checkpoints] == []


def test_what_recipes_and_help_say_of_the_threshold_is_one_number(mycook: MyCook) -> None:
    recipes = [load_recipe(DatasetRecipe, "datasets", name) for name in recipe_names("datasets")]
    asked = {(one.checks.min_quality, one.repair and one.repair.below) for one in recipes if one.engine != "none"}
    assert asked == {(MIN_QUALITY, MIN_QUALITY)}
    assert f"else {MIN_QUALITY}" in " ".join(mycook("check", "--help").stdout.split())


@pytest.mark.parametrize(
    "training", [name for name in recipe_names("training") if name.rpartition("-")[2] in OF_TRAINING]
)
def test_training_asks_for_languages_that_the_data_set_has(training: str) -> None:
    wanted = load_recipe(TrainingRecipe, "training", training).languages
    there = load_recipe(DatasetRecipe, "datasets", OF_TRAINING[training.rpartition("-")[2]]).languages
    assert wanted == "all" or set(wanted) <= set(there)


def test_a_published_recipe_names_engines_as_they_are_and_files_without_their_folders(tmp_path: Path) -> None:
    (model := tmp_path / "my-model").mkdir()
    (terms := tmp_path / "terms.tsv").touch()
    kept = "somebody/marian-en-ko@abc"
    engines = {
        "ko": (kept, kept),
        "de": (str(model), "my-model"),
        "fr": ("m2m100-418M", "m2m100-418M"),
        "cs": ("table:/data/human.csv", "table:human.csv"),
        "ja": (f"via:en:facebook/m2m100_418M+{model}", "via:en:facebook/m2m100_418M+my-model"),
        "vi": ("via:en:facebook/m2m100_418M+somebody/en-vi", "via:en:facebook/m2m100_418M+somebody/en-vi"),
    }
    for engine, published in engines.values():
        values = {
            "engine": engine,
            "engines": {lang: used for lang, (used, _) in engines.items()},
            "repair": {"engine": engine},
            "checks": {"agreement": engine, "round_trip": engine, "glossary": str(terms)},
            "annotations": str(terms),
        }
        recipe = load_recipe(DatasetRecipe, "datasets", "custom", values)
        said = Publish(recipe, (terms,), None, tmp_path).settings()["recipe"]
        assert (said["engine"], said["repair"]["engine"], said["annotations"]) == (published, published, ["terms.tsv"])
        assert [said["checks"][name] for name in ("agreement", "round_trip", "glossary")] == [
            published, published, "terms.tsv",
        ]  # fmt: skip
        assert said["engines"] == {lang: name for lang, (_, name) in engines.items()}
