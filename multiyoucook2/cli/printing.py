"""How the build commands print their results: a table for people, one JSON document with ``--json``."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..building.workspace import Workspace
from ..corpus.dataset import dataset_about
from ..errors import LINE_CHARACTERS, WorkspaceError, shell_line, shown
from ..languages import language
from .examples import GOOD, Examples, example_rows
from .tables import print_json, print_table

if TYPE_CHECKING:
    from ..building.api import BuildResult


def build_result(result: "BuildResult", *, as_json: bool, show: int) -> None:
    """Where the data set is, what is in it, the first good rows, and some that were refused."""
    found = example_rows(Path(str(result.dataset)), list(result.report["languages"]), show) if show else Examples([], 0)
    if as_json:
        values = _result_json(result) | {"report": result.report}
        print_json(values | ({"rows": found.rows} if show else {}))
        return
    _validation_table(result.report)
    if found.good:
        clips = f"{found.good:,} of {result.report['clips']['clips']:,} clips"
        first = "the first of them" if found.good >= len(found.rows) else "these and the first others"
        if any(figures["examples"] for figures in result.report["languages"].values()):
            first += ", then refused rows"
        print(f"{clips} are accepted in every language, by a person or with a quality of {GOOD} or more; {first}:")
    for row in found.rows:
        _print_row(row)
    _print_refused(result, show)
    clips = result.report["clips"]
    _left_out(clips)
    langs = 1 + len(result.report["languages"])
    size = f"{clips['clips']:,} clips in {langs} language{'s' if langs > 1 else ''}"
    print(f"data set: {shown(result.dataset, LINE_CHARACTERS)} ({size}, {str(result.content_hash)[:12]})")
    code = f'from datasets import load_dataset; print(load_dataset({json.dumps(str(result.dataset))}, "all"))'
    print(f"read it: {shell_line(['python', '-c', code])}")


def _print_row(row: Mapping[str, Any]) -> None:
    """A clip's captions in all languages, and which of them a check refused."""
    times = "" if row["start_s"] is None else f"  {row['start_s']:g}-{row['end_s']:g} s"
    print(f"{row['clip_id']}{times}")
    for lang, found in row["captions"].items():
        mark = f"{lang}:rejected:"
        refused = ", ".join(flag.removeprefix(mark) for flag in row["flags"] if flag.startswith(mark))
        for caption in found if isinstance(found, list) else [found]:
            print(f"  {lang}  {caption}{f'  (refused: {refused})' if refused else ''}")


def _print_refused(result: "BuildResult", count: int) -> None:
    """Some rows that a check refused, and why; of several checks before several of one."""
    source = dataset_about(result.dataset).languages[0] if result.dataset and count else ""
    seen: Counter[str] = Counter()
    found = []
    for lang, figures in result.report["languages"].items():
        for check, examples in figures["examples"].items():
            for row in examples:
                found.append((seen[check], check, lang, row))
                seen[check] += 1
    for _, check, lang, row in sorted(found, key=lambda example: example[0])[:count]:
        print(f"{row['clip_id']}  refused by {check}: {row['reason']}")
        print(f"  {source}  {row['caption']}\n  {lang}  {row['text']}")


def clips(result: "BuildResult", *, as_json: bool) -> None:
    """Figures of the English side."""
    figures = result.report["clips"]
    if as_json:
        print_json(_result_json(result) | {"clips": figures})
        return
    splits = ", ".join(f"{name} {count:,}" for name, count in figures["splits"].items())
    cleaned = ", ".join(f"{name} {count:,}" for name, count in figures["cleaned"].items()) or "nothing"
    print(f"{figures['clips']:,} clips of {figures['videos']:,} videos ({splits}); cleaned: {cleaned}")
    _left_out(figures)


def _left_out(figures: Mapping[str, Any]) -> None:
    if figures["refused"]:
        print(f"left out: {figures['refused']:,} rows of the files, named in report.json")


def stages(result: "BuildResult", *, as_json: bool) -> None:
    """Which stages were done now, and which were found done."""
    if as_json:
        print_json(_result_json(result))
    else:
        print(f"done: {', '.join(result.done) or 'nothing'}; unchanged: {', '.join(result.skipped) or 'nothing'}")


def validation(result: "BuildResult", *, as_json: bool, show: int) -> None:
    """Accepted and rejected rows a language, with examples."""
    if as_json:
        print_json(_result_json(result) | {"report": result.report})
    else:
        validation_figures(result.report, show=show)


def validation_figures(report: Mapping[str, Any], *, show: int) -> None:
    """The figures of a validation as a table, and ``show`` refused rows a check."""
    _validation_table(report)
    for lang, figures in report["languages"].items():
        for check, examples in figures["examples"].items():
            for row in examples[:show]:
                print(f"{lang} {check}: {row['reason']}\n  {row['clip_id']}: {row['caption']}\n  {lang}: {row['text']}")


def pushed(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Where a data set was pushed to."""
    if as_json:
        print_json(found)
    else:
        print(f"{found['files']} files in one commit: {found['url']}")


def previewed(found: Mapping[str, Any], *, as_json: bool) -> None:
    """What a push would change, file by file, row by row, and in the card."""
    if as_json:
        print_json(found)
        return
    state = f"{'exists' if found['exists'] else 'would be made'}{', private' if found['private'] else ''}"
    print(f"{found['repo']}: {state}; {found['unchanged']} files unchanged")
    for what in ("new", "changed", "deleted"):
        for name in found[what]:
            rows = found["rows"].get(name)
            words = {"new": "new", "gone": "gone", "caption": "with another caption", "accepted": "accepted or refused"}
            counts = ", ".join(f"{rows[key]:,} {text}" for key, text in words.items() if rows[key]) if rows else ""
            print(f"{what:8} {shown(name)}{f': rows {counts}' if counts else ''}")
    for line in found["card"]:
        print(f"  {line}")
    for reason in found["failing"]:
        print(f"would be refused without --anyway: {shown(reason)}")


def status(workspace: Workspace, *, as_json: bool) -> None:
    """The stages of a build folder; exit status 1 if one is damaged.

    Raises:
        WorkspaceError: it is not a build folder.
    """
    about = workspace.about()
    if about is None:
        raise WorkspaceError(f"{workspace.root} is not a build folder", hint="e.g. mycook status build/mini")
    found = workspace.manifests()
    manifests = {name: found[name] for name in sorted(found, key=_stage_order)}
    holder = workspace.holder()
    damaged = {name: what for name, row in manifests.items() if (what := workspace.damage(row["outputs"]))}
    unfinished = workspace.unfinished()
    if as_json:
        keys = ("counts", "seconds", "versions")
        stages_ = {name: {key: row[key] for key in keys} for name, row in manifests.items()}
        values = {"recipe": about["recipe"], "holder": holder, "stages": stages_}
        print_json({**values, "damaged": damaged, "unfinished": unfinished})
    else:
        _status_table(workspace, holder, manifests, damaged, unfinished)
    if damaged or any("damaged" in what for what in unfinished.values()):
        raise typer.Exit(1)


def _status_table(
    workspace: Workspace,
    holder: str | None,
    manifests: Mapping[str, Mapping[str, Any]],
    damaged: Mapping[str, str],
    unfinished: Mapping[str, str],
) -> None:
    about = workspace.about() or {}
    who = f"in use by {holder}" if holder else "nobody works on it"
    print(f"{shown(workspace.root)}: a build of {shown(about['recipe'])}, {who}")
    if not manifests and not unfinished:
        print("no stage is finished yet")
        return
    rows = [
        (
            name,
            damaged.get(name, "done"),
            f"{row['seconds']:.1f}",
            ", ".join(f"{n:,} {k}" for k, n in row["counts"].items()),
        )
        for name, row in manifests.items()
    ] + [(name, what, "", "") for name, what in unfinished.items()]
    print_table(("stage", "state", "seconds", "counts"), rows, numbers=("seconds",))


def record(values: Mapping[str, Any], *, as_json: bool) -> None:
    """One record, a line a value."""
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        if isinstance(value, bool):
            value = "yes" if value else "no"
        print(f"{name}: {value:.4g}" if isinstance(value, float) else f"{name}: {value}")


def _result_json(result: "BuildResult") -> dict[str, Any]:
    return {
        "out": str(result.out),
        "dataset": str(result.dataset) if result.dataset else None,
        "content_hash": result.content_hash,
        "done": result.done,
        "unchanged": result.skipped,
    }


def _stage_order(name: str) -> tuple[int, str]:
    """Stages in the order in which a build runs them."""
    kinds = {"clips": 0, "translate": 1, "validate": 2, "report": 3, "publish": 4}
    return kinds.get(name.partition("-")[0], len(kinds)), name


def _validation_table(report: Mapping[str, Any]) -> None:
    rows = [
        (
            language(lang).name,
            figures["rows"],
            figures["accepted"],
            figures["rejected"],
            _expected(figures),
            ", ".join(f"{name} {count:,}" for name, count in figures["checks"].items()) or "-",
        )
        for lang, figures in report["languages"].items()
    ]
    if not rows:  # English alone
        return
    columns = ("language", "rows", "accepted", "rejected", "meaning kept", "rejected by")
    print_table(columns, rows, numbers=columns[1:5])
    estimated = [figures for figures in report["languages"].values() if figures["meaning_kept"] is not None]
    if any(not figures["calibrated"] for figures in estimated):
        print("meaning kept: no figure of too few captions, or of an engine without marked rows (docs/quality.md)")
    if len(estimated) < len(rows):
        print("meaning kept: not estimated of what people wrote, or with the alignment off (docs/quality.md)")


def _expected(figures: Mapping[str, Any]) -> str:
    """The share of rows whose meaning a reader is expected to find kept, where readers' marks stand behind it."""
    share = figures["meaning_kept"]
    return f"{100 * share:.0f}%" if figures["calibrated"] and share is not None else "-"
