"""The bundled model's card, filled with figures."""

import json
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from multiyoucook2.sources.youcook2 import mini_annotations
from pipelines.quality.rows import HELD_OUT, MARKS, read_marks

from .model import Shape, TranslationModel
from .real import REAL, read_translations
from .text import HANDWRITTEN


def readers_found(lang: str) -> dict[str, float]:
    """How many translations of the bundled model were read, and the percentage whose meaning is not kept."""
    rows = [row for folder in (MARKS, HELD_OUT) for row in read_marks("mini", lang, folder)]
    return {"rows": len(rows), "not_kept": 100 * sum(row["kept"] == "no" for row in rows) / len(rows)}


def render_card(figures: dict[str, dict[str, Any]], examples: dict[str, dict[str, str]], beam: int) -> str:
    """``data_cards/mini-model.md``, filled.

    ``figures``: language -> name -> value, as ``evaluate`` measures them; ``examples``: clip id -> language -> text.
    """
    root = mini_annotations().parent
    model = root / "model"
    vocabulary = len(json.loads((model / "shared_vocabulary.json").read_text("utf-8")))
    environment = Environment(
        loader=FileSystemLoader(root.parents[1] / "data_cards"), undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template("mini-model.md").render(
        figures=figures,
        readers={lang: readers_found(lang) for lang in figures},
        examples=examples,
        real=len(read_translations(REAL / "de.tsv")),
        handwritten=len((HANDWRITTEN / "en.txt").read_text("utf-8").splitlines()),
        beam=beam,
        steps=json.loads((model / "mycook.json").read_text("utf-8"))["steps"],
        megabytes=sum(path.stat().st_size for path in model.iterdir()) / 1e6,
        millions=sum(p.numel() for p in TranslationModel(Shape(vocabulary)).parameters()) / 1e6,
    )
