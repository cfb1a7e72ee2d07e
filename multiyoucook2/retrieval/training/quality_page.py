"""A page of a study of quality: its tables and pictures. Needs matplotlib."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..evaluation.page import Picture, Table, write_page
from ..evaluation.plots import forest_plot, legend, spread
from ..evaluation.quality import ALL, MEAN, GroupRow
from ..evaluation.table import Cell
from ..evaluation.table_text import said
from .quality_study import QualityStudy

QUALITY = "quality"  # what bins tell apart


def write_quality_page(study: QualityStudy, out: Path) -> list[Path]:
    """Write ``report.html`` and its pictures into ``out``; returns their paths, the page first."""
    pictures = [Picture("quality", f"{_word(study)} against the quality of the translation", _quality_plot(study))]
    if _overall(study):
        title = "Queries by what checks, repair and author say: gap to the English of the same clips"
        pictures.append(Picture("groups", title, _groups_plot(study)))
    if len(study.arms) > 1:
        title = f"Other training captions: difference from training on {study.arms[0].name}"
        pictures.append(Picture("training", title, _training_plot(study)))
    setting = "|".join(f"{key}:{value}" for key, value in study.setting.items())
    return write_page(out, "What a better translation buys", tables_of(study), pictures, [setting])


def tables_of(study: QualityStudy) -> list[Table]:
    """What was found, as text: all languages together, languages by quality, slopes, arms."""
    word, seeds = _word(study), len(study.seeds)
    how = f"mean over {seeds} seed{'s' if seeds > 1 else ''} with 95% interval over seeds and clips"
    groups = [
        [row.by, row.group, f"{row.queries:,}", said(row.recall), *_said_of_english(row)]
        for row in _overall(study, with_quality=True)
    ]
    columns = ["by", "queries that are", "number", word, "English of the same clips", "gap"]
    tables = [Table(f"{word}, text to video, by the translation that asks: {how}", columns, groups, words=2)]
    tables += _by_language(study)
    if len(study.arms) > 1:
        tables += _by_training(study)
    return tables


def _by_language(study: QualityStudy) -> list[Table]:
    """Gaps by quality, a row a language: without and with intervals."""
    word = _word(study)
    bins = list(dict.fromkeys(row.group for row in study.groups if row.by == QUALITY))
    found = {(row.lang, row.group): row for row in study.groups if row.by == QUALITY}
    langs = [lang for lang in dict.fromkeys(lang for lang, _ in found) if lang != ALL]
    title = f"Gap in {word} to the English of the same clips, by quality (queries)"
    slopes = {lang: said(cell, sign=True) for lang, cell in study.slopes.items()}
    brief = [[lang, *(_gap(found.get((lang, group))) for group in bins), slopes.get(lang, "")] for lang in langs]
    if MEAN in slopes:
        brief.append([MEAN, *[""] * len(bins), slopes[MEAN]])
    full = [[lang, *(_gap(found.get((lang, group)), full=True) for group in bins)] for lang in langs]
    return [
        Table(f"{title}; points that 0.1 of quality goes with", ["language", *bins, "0.1 of quality"], brief),
        Table(f"{title}, with intervals", ["language", *bins], full, wide=True),
    ]


def _by_training(study: QualityStudy) -> list[Table]:
    langs, base = list(study.arms[0].recall), study.arms[0].name
    recalls = [[arm.name, *(f"{cell.value:.1f}" for cell in arm.recall.values())] for arm in study.arms]
    brief = [
        [arm.name, f"{arm.captions:,} of {arm.of:,}", said(_mean(arm.gain), sign=True) if arm.gain else ""]
        for arm in study.arms
    ]
    full = [[arm.name, *(said(cell, sign=True) for cell in arm.gain.values())] for arm in study.arms if arm.gain]
    title = f"Difference from training on {base}"
    return [
        Table(f"{_word(study)} by what is trained on", ["trained on", *langs], recalls),
        Table(f"{title}, mean over languages", ["trained on", "translations", "difference"], brief),
        Table(f"{title}, by language", ["trained on", *langs], full, wide=True),
    ]


def _mean(cells: Mapping[str, Cell]) -> Cell:
    return cells.get(MEAN) or next(iter(cells.values()))


def _overall(study: QualityStudy, *, with_quality: bool = False) -> list[GroupRow]:
    """A row a group: of all its queries, or of the one language that it has."""
    found: dict[tuple[str, str], GroupRow] = {}
    for row in study.groups:  # a group's last row is that of all languages
        if with_quality or row.by != QUALITY:
            found[row.by, row.group] = row
    return list(found.values())


def _said_of_english(row: GroupRow) -> list[str]:
    if row.english is None or row.gap is None:
        return ["", ""]
    return [said(row.english), said(row.gap, sign=True)]


def _gap(row: GroupRow | None, *, full: bool = False) -> str:
    """The gap, or the recall where there is no English, and of how many queries."""
    if row is None:
        return ""
    cell = row.gap or row.recall
    return f"{said(cell, sign=True) if full else f'{cell.value:+.1f}'} ({row.queries:,})"


def _word(study: QualityStudy) -> str:
    return study.measure.replace("recall_at_", "R@")


def _quality_plot(study: QualityStudy) -> Any:
    """Left: recall by bins, each language thin, all of them thick, beside their clips' English. Right: the slopes."""
    from matplotlib.figure import Figure

    rows = [row for row in study.groups if row.by == QUALITY]
    bins = list(dict.fromkeys(row.group for row in rows))
    figure = Figure(figsize=(11, 4.8), layout="constrained")
    axes, right = figure.subplots(1, 2, width_ratios=(3, 2))
    for lang in dict.fromkeys(row.lang for row in rows):
        of = {row.group: row.recall for row in rows if row.lang == lang}
        _line(axes, bins, of, label=lang if lang != ALL else "all translations", thick=lang == ALL)
    whole = [row for row in rows if row.lang == ALL] or rows
    english = {row.group: row.english for row in whole if row.english is not None}
    if english:
        _line(axes, bins, english, label="English of their clips", thick=True, color="0.5", style="--", aside=0.06)
    axes.set_xticks(range(len(bins)), bins)
    axes.set_xlabel("quality of the translation that asks")
    axes.set_ylabel(f"{_word(study)}, %")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    legend(axes)
    forest_plot(list(study.slopes.items()), f"points of {_word(study)} a 0.1 of quality", axes=right)
    return figure


def _line(
    axes: Any,
    bins: list[str],
    of: Mapping[str, Cell],
    *,
    label: str,
    thick: bool,
    color: str | None = None,
    style: str = "-",
    aside: float = 0.0,
) -> None:
    cells = [of[group] for group in bins if group in of]
    places = [number + aside for number, group in enumerate(bins) if group in of]
    values = [cell.value for cell in cells]
    if not thick:
        axes.plot(places, values, style, linewidth=0.8, marker=".", markersize=4, alpha=0.8, label=label)
        return
    errors = spread(values, [(cell.low, cell.high) for cell in cells])
    axes.errorbar(
        places,
        values,
        yerr=errors,
        fmt=style,
        marker="o",
        linewidth=2.2,
        capsize=3,
        label=label,
        color=color or "black",
    )


def _groups_plot(study: QualityStudy) -> Any:
    rows = [(f"{row.group} ({row.queries:,})", row.gap or row.recall) for row in _overall(study)]
    return forest_plot(rows, f"points of {_word(study)} over the English of the same clips, with 95% interval")


def _training_plot(study: QualityStudy) -> Any:
    rows = []
    for arm in study.arms:
        if arm.gain is not None:
            rows += [(f"{arm.name}: {name}", cell) for name, cell in arm.gain.items()]
    return forest_plot(rows, f"points of {_word(study)}, with 95% interval over seeds and clips")
