"""A picture of a validation for the card, as PNG and SVG: codes and numbers alone, which any font has."""

import io
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

NAME = "plots/quality"


def plots_version() -> str | None:
    """What draws: the version of matplotlib, ``None`` without it."""
    return version("matplotlib") if find_spec("matplotlib") else None


def quality_plots(languages: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
    """What was accepted and what is expected to keep its meaning, a pair of bars a language, by file name.

    Empty where no reader's marks stand behind the figures, which a picture would make too much of, or matplotlib (the
    extra ``report``) is not installed. The same figures give the same bytes.

    Args:
        languages: figures of each, as ``quality.report`` gives them.
    """
    shown = {lang: row for lang, row in languages.items() if row["calibrated"] and row["meaning_kept"] is not None}
    if not shown or plots_version() is None:
        return {}
    import matplotlib
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 1.2 + 0.35 * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    places = range(len(shown))
    accepted = [100 * row["accepted"] / max(1, row["rows"]) for row in shown.values()]
    kept = [100 * row["meaning_kept"] for row in shown.values()]
    axes.barh([place - 0.2 for place in places], accepted, 0.38, label="accepted", color="#b9c4da")
    axes.barh([place + 0.2 for place in places], kept, 0.38, label="meaning expected to be kept", color="#2f7d4f")
    axes.set_yticks(places, list(shown))
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("% of the rows")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize="small")
    files = {}
    with matplotlib.rc_context({"svg.hashsalt": "multiyoucook2"}):
        for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
            sink = io.BytesIO()
            figure.savefig(sink, format=kind, dpi=120, metadata=metadata)
            files[f"{NAME}.{kind}"] = sink.getvalue()
    return files
