"""``build``: from captions to a data set, stage by stage. The command line is a thin layer over it."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..corpus.dataset import dataset_about
from ..errors import RecipeError, WorkspaceError, nearest, readable
from ..files import atomic_write, cache_root, file_bytes, json_bytes
from ..progress import Listener, Silent
from ..runners.base import RUNNERS
from ..settings import load_recipe
from .publishing import report
from .reading import source_files
from .recipe import DatasetRecipe
from .stage import Results, Tools, run_stages
from .stages import STEPS, build_stages, resolve_engines
from .workspace import RECIPE_FILE, REPORT_FILE, Workspace

DEVICES = ("auto", "cpu", "cuda")


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
    annotations: Sequence[Path | str] | Path | str | None = None,
    out: Path | str | None = None,
    limit: int | None = None,
    device: str = "auto",
    threads: int | None = None,
    offline: bool = False,
    until: str = "publish",
    listener: Listener | None = None,
    overrides: Mapping[str, Any] | None = None,
    runner: str = "local",
    workers: int | None = None,
) -> BuildResult:
    """Build a data set, or find that it is built; what an earlier run finished is kept and not done again.

    Args:
        recipe: name in ``pipelines/datasets``, or path of a ``.yaml`` file; the arguments below override it.
        langs: such as ``"de,ja"`` or ``"all"``; the language of the captions is always part of the data set.
        engine: for all languages; a registry name or a model folder.
        annotations: the user's own files in the format of the recipe's source, instead of a download.
        out: the build folder, ``build/<recipe>`` if not given.
        limit: only the first clips.
        device: ``auto``, ``cpu`` or ``cuda``.
        threads: parallel translators on the CPU; ``None`` means one a usable core.
        until: the last step: ``fetch``, ``translate``, ``validate`` or ``publish``.
        overrides: any other recipe values, by key, in place of the recipe's.
        runner: where batches are translated, ``local`` or ``ray``; the data set is the same.
        workers: processes of the runner ``ray``; ``None``: one a GPU, or one a machine.

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
    given = {"languages": langs, "engine": engine, "annotations": annotations}
    given = {**(overrides or {}), **{key: value for key, value in given.items() if value is not None}}
    plan = load_recipe(DatasetRecipe, "datasets", recipe, given)
    if engine:
        plan = plan.model_copy(update={"engines": {}})  # the one engine is for all languages
    workspace = Workspace(Path(out) if out else Path("build") / plan.name)
    try:
        with workspace.lock(), closing(RUNNERS.find(runner)(workers, device=device)) as running:
            tools = Tools(cache_root(), workspace.memory, device, threads, offline, listener or Silent(), running)
            workspace.claim(plan.name)
            if until == "publish":
                _keep_languages(plan, workspace)
            results = _run(plan, workspace, tools, until, limit)
            return _result(plan, workspace, results, published=until == "publish")
    except OSError as error:
        raise readable(error, str(workspace.root)) from None


def _run(plan: DatasetRecipe, workspace: Workspace, tools: Tools, until: str, limit: int | None) -> Results:
    engines = {} if until == "fetch" else resolve_engines(plan, tools)  # before anything is downloaded or read
    paths = source_files(plan, tools)
    stages = build_stages(plan, paths, engines, tools=tools, build=workspace.root, until=until, limit=limit)
    results = run_stages(stages, workspace, tools)
    if until == "publish" or not workspace.dataset.exists():
        # beside a data set these two say how it was made, so that another run's must not replace them
        _write(workspace.root / RECIPE_FILE, recipe_yaml(plan).encode())
        if until in ("validate", "publish"):
            _write(workspace.root / REPORT_FILE, json_bytes(report(results, plan)))
    return results


def _keep_languages(plan: DatasetRecipe, workspace: Workspace) -> None:
    """A data set with more languages is not replaced by one with fewer: hours of translation would seem lost.

    Raises:
        WorkspaceError: it would be.
    """
    if not workspace.dataset.exists():
        return
    lost = [lang for lang in dataset_about(workspace.dataset).languages if lang not in plan.languages]
    if lost:
        raise WorkspaceError(
            f"{workspace.dataset} also holds {', '.join(lost)}, which this build would drop",
            hint=f"add them to --langs, or build into another folder with --out, e.g. --out {workspace.root}-few",
        )


def recipe_yaml(recipe: DatasetRecipe) -> str:
    """A recipe as a file that ``--recipe`` reads."""
    text: str = yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    return text


def _write(path: Path, content: bytes) -> None:
    """Write a file of the build, unless it says that already."""
    if file_bytes(path) != content:
        atomic_write(path, content)


def _result(plan: DatasetRecipe, workspace: Workspace, results: Results, *, published: bool) -> BuildResult:
    dataset = workspace.dataset
    return BuildResult(
        out=workspace.root,
        dataset=dataset if published else None,
        content_hash=dataset_about(dataset).content_hash if published else None,
        report=report(results, plan),
        skipped=tuple(name for name, done in results.done.items() if done.skipped),
        done=tuple(name for name, done in results.done.items() if not done.skipped),
    )
