"""``mycook repair BUILD``: the build's recipe with another section ``repair``, and what became better by it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import RecipeError, WorkspaceError
from ..progress import Listener
from ..quality.repair import FLAG
from ..quality.settings import Repair
from ..translation.kept import FIRST
from .api import build
from .checking import figures_of
from .opening import recipe_of
from .translating import NO_ENGINE
from .workspace import RECIPE_FILE, Workspace


@dataclass(frozen=True)
class Mended:
    """What became of a language: rows by the way that mended them, refusals, and the expected share of meaning kept.

    ``*_before`` is what the build's last validation said; ``None`` where there was none. ``kept`` is ``None``, too,
    where quality is not calibrated; ``min_quality`` refuses none of the ``uncalibrated`` rows unasked.
    """

    rows: int
    repaired: int
    ways: Mapping[str, int]
    refused_before: int | None
    refused: int
    uncalibrated: int
    kept_before: float | None
    kept: float | None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def repair_build(
    folder: Path,
    repair: Mapping[str, Any],
    *,
    device: str = "auto",
    threads: int | None = None,
    offline: bool = False,
    listener: Listener | None = None,
) -> dict[str, Mended]:
    """Build again, all languages, with other values of the section ``repair``; translations come out of the memory.

    Raises:
        WorkspaceError: the folder is no build. RecipeError: a value is out of range, or would be ignored.
    """
    workspace, recipe = Workspace(folder), recipe_of(folder)
    if recipe is None:
        raise WorkspaceError(f"{folder} is not a build folder", hint="give one that mycook build made, e.g. build/mini")
    if all(recipe.engine_for(lang) == NO_ENGINE for lang in recipe.targets):
        raise RecipeError(f"{folder} translates nothing that could be mended", hint="repair is of machine translations")
    before = {lang: _figures(workspace, lang) for lang in recipe.targets}
    values = {**(recipe.repair or Repair()).model_dump(mode="json"), **repair}  # pyright: ignore
    if "candidates" in repair and FIRST not in values["ways"] and not values["engine"]:
        raise RecipeError(
            f"--candidates says nothing about {', '.join(values['ways']) or 'no ways'}",
            hint=f"--ways {FIRST}, or --engine",
        )
    after = build(
        str(folder / RECIPE_FILE), out=folder, limit=_limit(workspace), device=device, threads=threads, offline=offline,
        listener=listener, overrides={"repair": values},
    ).report["languages"]  # fmt: skip
    return {lang: _mended(before[lang], after[lang]) for lang in after}


def _limit(workspace: Workspace) -> int | None:
    """How many clips the data set has at most, else what was read last: all of a build that its recipe does not say.

    Beside a data set another run, such as a trial validation of a few clips, says nothing of how that is made.
    """
    for stage in ("publish", "clips"):
        manifest = workspace.read_manifest(stage)
        settings = manifest["inputs"]["settings"] if manifest else None
        if isinstance(settings, dict) and "limit" in settings:
            limit: int | None = settings["limit"]
            return limit
    raise WorkspaceError(f"{workspace.root} has read no captions yet", hint="mycook build first")


def _figures(workspace: Workspace, lang: str) -> Mapping[str, Any]:
    """What the last validation said of a language; empty where there was none."""
    key = figures_of(lang)
    manifest = workspace.read_manifest(key.stage) or {"outputs": {}}
    paths = [workspace.root / name for name, row in manifest["outputs"].items() if row["name"] == key.file]
    found: Mapping[str, Any] = key.load(paths[0]) if paths and paths[0].is_file() else {}
    return found


def _mended(before: Mapping[str, Any], after: Mapping[str, Any]) -> Mended:
    flags = {name.removeprefix(FLAG): count for name, count in after["flags"].items() if name.startswith(FLAG)}
    return Mended(
        after["rows"], sum(flags.values()), dict(Counter(flags).most_common()),
        before.get("rejected"), after["rejected"], after["uncalibrated"], _kept(before), _kept(after),
    )  # fmt: skip


def _kept(figures: Mapping[str, Any]) -> float | None:
    kept: float | None = figures["meaning_kept"] if figures.get("calibrated") else None
    return kept
