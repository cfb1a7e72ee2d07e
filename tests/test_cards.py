"""What a data set's card promises: whose captions they are, and how good."""

import json
from pathlib import Path

import pytest
import yaml

from multiyoucook2 import build

OWN = {"database": {"ownvideo001": {
    "subset": "training", "recipe_type": "1", "video_url": "https://www.youtube.com/watch?v=ownvideo001",
    "duration": 60.0,
    "annotations": [{"id": 0, "segment": [1, 5], "sentence": "cut the onions"},
                    {"id": 1, "segment": [6, 9], "sentence": "fry them in oil"}],
}}}  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULTIYOUCOOK2_CACHE", str(tmp_path / "cache"))


def card(folder: Path) -> tuple[dict[str, object], str]:
    """Head and text of a build's card."""
    head, text = (
        (folder / "dataset" / "README.md").read_text(encoding="utf-8").removeprefix("---\n").split("\n---\n", 1)
    )
    return yaml.safe_load(head), text


def test_own_captions_by_the_bundled_model_are_neither_youcook2_nor_the_data_set(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps(OWN))
    build("multi-youcook2", annotations=own, engine="mini", langs="de", out=tmp_path / "out", offline=True)
    head, text = card(tmp_path / "out")
    title = "Captions of own.json (toy translations)"
    assert head["pretty_name"] == title
    assert head["license"] != ["mit"]
    assert text.startswith(f"# {title}\n")
    warning = "**The translations into de come from the small bundled model: they are for trials, not for results.**"
    assert text.index(warning) < text.index("## Configs and columns")
    models = text[text.index("## Models") :]
    assert "| licence | may train models |" in models
    assert "| cc-by-4.0 | yes |" in models
    assert "arXiv" not in text
    assert "Zhou" not in text
    described = json.loads((tmp_path / "out" / "dataset" / "croissant.json").read_text(encoding="utf-8"))
    assert described["name"] == title


def test_a_recipe_of_ones_own_keeps_its_title(tmp_path: Path, tiny_model: Path) -> None:
    recipe = tmp_path / "kitchen.yaml"
    (tmp_path / "own.json").write_text(json.dumps(OWN))
    values = {
        "source": "youcook2",
        "annotations": str(tmp_path / "own.json"),
        "languages": "de",
        "engine": str(tiny_model),
        "publication": {"pretty_name": "My kitchen", "license": "cc0-1.0"},
    }
    recipe.write_text(yaml.safe_dump(values))
    build(str(recipe), out=tmp_path / "out", offline=True)
    head, text = card(tmp_path / "out")
    assert head["pretty_name"] == "My kitchen"
    assert "bundled model" not in text
