"""``build``: from captions to a data set, stage by stage. The command line is a thin layer over it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..corpus.tables import ABOUT_FILE
from ..errors import RecipeError, nearest, readable
from ..progress import Listener, Silent
from ..settings import load_recipe
from .recipe import DatasetRecipe
from .stages import Steps
from .workspace import Workspace

DEVICES = ("auto", "cpu", "cuda")
STEPS = ("fetch", "translate", "validate", "publish")  # what ``until`` may name


@dataclass(frozen=True)
class BuildResult:
    """What a build left behind. ``dataset`` and ``content_hash`` are ``None`` where it ended before ``publish``."""

    out: Path
    dataset: Path | None
    content_hash: str | None
    report: Mapping[str, Any]
    skipped: tuple[str, ...] = field(default=())
    done: tuple[str, ...] = field(default=())


def build(
    recipe: str = "multi-youcook2",
    *,
    langs: str | None = None,
    engine: str | None = None,
    annotations: Path | str | None = None,
    out: Path | str | None = None,
    limit: int | None = None,
    device: str = "auto",
    threads: int | None = None,
    offline: bool = False,
    until: str = "publish",
    listener: Listener | None = None,
) -> BuildResult:
    """Build a data set, or find that it is built; what an earlier run finished is kept and not done again.

    Args:
        recipe: name in ``pipelines/datasets``, or path of a ``.yaml`` file; the arguments below override it.
        langs: such as ``"de,ja"`` or ``"all"``; English is always part of the data set.
        engine: for all languages; a registry name or a model folder.
        annotations: a YouCook2 annotation file (JSON or tar.gz) instead of the recipe's source.
        out: the build folder, ``build/<recipe>`` if not given.
        limit: only the first clips.
        device: ``auto``, ``cpu`` or ``cuda``.
        threads: parallel translators on the CPU; ``None`` means one a usable core.
        until: the last step: ``fetch``, ``translate``, ``validate`` or ``publish``.

    Raises:
        MyCookError: one of its kinds; the message is one clear line, ``hint`` the way out.
    """
    if until not in STEPS:
        raise RecipeError(f"unknown step {until!r}", hint=nearest(until, STEPS))
    if limit is not None and limit < 1:
        raise RecipeError(f"--limit {limit} leaves no clips", hint="give a whole number from 1")
    if threads is not None and threads < 1:
        raise RecipeError(f"--threads {threads} leaves no translator", hint="give a whole number from 1")
    if device not in DEVICES:
        raise RecipeError(f"unknown device {device!r}", hint=nearest(device, DEVICES))
    overrides: dict[str, Any] = {"languages": langs, "engine": engine, "annotations": annotations}
    if engine:
        overrides["engines"] = {}
    plan = load_recipe(DatasetRecipe, "datasets", recipe, overrides)
    steps = Steps(
        plan,
        Workspace(Path(out) if out else Path("build") / plan.name),
        limit=limit,
        device=device,
        threads=threads,
        offline=offline,
        listener=listener or Silent(),
    )
    try:
        with steps.workspace.lock():
            steps.workspace.claim(plan.name)
            steps.until(until)
            return _result(steps, published=until == "publish")
    except OSError as error:
        raise readable(error, str(steps.workspace.root)) from None


def _result(steps: Steps, *, published: bool) -> BuildResult:
    dataset = steps.workspace.dataset
    about = json.loads((dataset / ABOUT_FILE).read_text(encoding="utf-8")) if published else {}
    return BuildResult(
        out=steps.workspace.root,
        dataset=dataset if published else None,
        content_hash=about.get("content_hash"),
        report=steps.report(),
        skipped=tuple(name for name, done in steps.stages.items() if done.skipped),
        done=tuple(name for name, done in steps.stages.items() if not done.skipped),
    )
