"""Stages, and how a list of them is run: each is skipped if its key and outputs are as its manifest says.

A stage reads what earlier ones wrote, by typed keys, and gives files. Its key is a hash of all that its outputs depend
on: the hashes of what it reads, its settings, the versions that stand beside the code it calls, and the packages'.
"""

import hashlib
import importlib.metadata
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ..allocators import release_freed
from ..corpus.dataset import FOLDER_KIND
from ..files import file_sha256, read_parquet, refuse_foreign, replace_folder
from ..progress import Listener, Silent
from ..runners.base import Runner
from ..runners.local import Local
from ..version import __version__
from .workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")
FOLDER_KINDS = {"dataset": FOLDER_KIND}  # what a stage's folder is called in messages, where not by its name


def load_table(path: Path) -> "pa.Table":
    """A Parquet file."""
    return read_parquet(path)


def load_json(path: Path) -> Any:
    """A JSON file that a stage wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Key(Generic[T]):
    """A file that a stage writes and later ones read. What is ``kept`` is read once a build: many stages want it."""

    stage: str
    file: str
    load: Callable[[Path], T]
    kept: bool = False


@dataclass(frozen=True)
class Tools:
    """What a stage works with, and what its outputs do not depend on."""

    cache_dir: Path
    memory: Path  # folder of the translation memory
    device: str = "auto"
    threads: int | None = None
    offline: bool = False
    listener: Listener = field(default_factory=Silent)
    runner: Runner = field(default_factory=Local)  # where batches are translated


@dataclass(frozen=True)
class Product:
    """What a stage's work gives: files (name -> bytes) and counts for the manifest."""

    files: Mapping[str, bytes]
    counts: Mapping[str, int] = field(default_factory=dict)


class Stage(Protocol):
    """One step of a build; a frozen dataclass of plain values, so that it can be pickled.

    Attributes:
        name: such as ``translate-de``; its manifest is called so.
        reads: what it needs of earlier stages.
        packages: the distributions whose version can change its outputs.
        folder: with it the files become that folder's whole content (relative to the workspace) under their own names;
            without it they are objects named by their content.
    """

    @property
    def name(self) -> str: ...
    @property
    def reads(self) -> tuple[Key[Any], ...]: ...
    @property
    def packages(self) -> tuple[str, ...]: ...
    @property
    def folder(self) -> str | None: ...

    def settings(self) -> Any:
        """All but the inputs that the outputs depend on, as JSON: parts of the recipe, and versions of code."""
        ...

    def prepare(self, tools: Tools) -> None:
        """Try what may fail, such as a download, before any stage works for an hour."""
        ...

    def run(self, results: "Results", tools: Tools) -> Product:
        """Do the work."""
        ...


@dataclass(frozen=True)
class Done:
    """A finished stage: where its files are, and their hashes, both by the name that the work gave them."""

    files: Mapping[str, Path]
    hashes: Mapping[str, str]
    counts: Mapping[str, int]
    skipped: bool


class Results:
    """What the finished stages of a build wrote."""

    def __init__(self) -> None:
        self.done: dict[str, Done] = {}
        self._kept: dict[Key[Any], Any] = {}

    def __getitem__(self, key: Key[T]) -> T:
        if key in self._kept:
            value: T = self._kept[key]
            return value
        value = key.load(self.done[key.stage].files[key.file])
        release_freed()  # what reading took: of a million rows as much as they hold
        if key.kept:
            self._kept[key] = value
        return value

    def hash_of(self, key: Key[Any]) -> str:
        """SHA-256 of the file of a key."""
        return self.done[key.stage].hashes[key.file]

    def have(self, keys: Iterable[Key[Any]]) -> bool:
        """Whether the stages of all these keys are finished."""
        return all(key.stage in self.done for key in keys)


def run_stages(stages: Sequence[Stage], workspace: Workspace, tools: Tools, found: Results | None = None) -> Results:
    """Run stages in order, skipping those that are done; the workspace's lock is held.

    Results of stages that are not among them may be ``found`` beforehand.

    A stage is prepared as soon as all that it reads is there: what is missing for the last language is found out before
    the first one is translated.
    """
    results, prepared = Results(), set[str]()
    if found is not None:
        again = {stage.name for stage in stages}
        results.done |= {name: done for name, done in found.done.items() if name not in again}
    for number, stage in enumerate(stages):
        waiting = []
        for later in stages[number:]:
            if later.name not in prepared and results.have(later.reads):
                prepared.add(later.name)
                if not _is_current(later, results, workspace):
                    later.prepare(tools)
                    waiting.append(later.name)
        tools.listener.planned(waiting)
        results.done[stage.name] = _run(stage, results, workspace, tools)
        release_freed()
    return results


def package_version(name: str) -> str:
    """The installed version of a distribution; ours is known without being installed."""
    return __version__ if name == "multiyoucook2" else importlib.metadata.version(name)


def stage_key(stage: Stage, results: Results) -> str:
    """A hash of all that a stage's outputs depend on."""
    return hashlib.sha256(json.dumps([stage.name, *_dependencies(stage, results)], sort_keys=True).encode()).hexdigest()


def _dependencies(stage: Stage, results: Results) -> tuple[dict[str, str], Any, dict[str, str]]:
    reads = {f"{key.stage}/{key.file}": results.hash_of(key) for key in stage.reads}
    return reads, stage.settings(), {name: package_version(name) for name in stage.packages}


def _is_current(stage: Stage, results: Results, workspace: Workspace) -> bool:
    """Whether :func:`run_stages` would skip the stage."""
    manifest = workspace.read_manifest(stage.name)
    if manifest is None or manifest["key"] != stage_key(stage, results):
        return False
    return workspace.damage(manifest["outputs"]) is None


def _run(stage: Stage, results: Results, workspace: Workspace, tools: Tools) -> Done:
    key, listener = stage_key(stage, results), tools.listener
    manifest = workspace.read_manifest(stage.name)
    if manifest and manifest["key"] == key:
        damage = workspace.damage(manifest["outputs"])
        if damage is None:
            listener.finished(stage.name, skipped=True, seconds=0.0, counts=manifest["counts"])
            return done_by(workspace, manifest)
        listener.note(f"{damage}: stage {stage.name} is done again")
    if stage.folder is not None:  # before any work: what is there may not be ours to replace
        target, known = workspace.root / stage.folder, workspace.known_files(stage.name, stage.folder)
        refuse_foreign(target, FOLDER_KINDS.get(stage.folder, stage.folder), known=known)
    listener.started(stage.name)
    began = time.perf_counter()
    product = stage.run(results, tools)
    outputs = _write(stage, workspace, product)
    seconds = round(time.perf_counter() - began, 3)
    reads, settings, versions = _dependencies(stage, results)
    manifest = {
        "stage": stage.name,
        "key": key,
        "inputs": {"reads": reads, "settings": settings},
        "versions": versions,
        "outputs": outputs,
        "counts": dict(product.counts),
        "seconds": seconds,
    }
    workspace.write_manifest(stage.name, manifest)
    if stage.folder is None:
        workspace.drop_others(stage.name, set(outputs))
    listener.finished(stage.name, skipped=False, seconds=seconds, counts=product.counts)
    return done_by(workspace, manifest, skipped=False)


def _write(stage: Stage, workspace: Workspace, product: Product) -> dict[str, dict[str, Any]]:
    if stage.folder is None:
        stored = {name: workspace.store(stage.name, name, data) for name, data in product.files.items()}
    else:
        known = workspace.known_files(stage.name, stage.folder)
        kind = FOLDER_KINDS.get(stage.folder, stage.folder)
        replace_folder(workspace.root / stage.folder, product.files, kind, known=known)
        stored = {name: f"{stage.folder}/{name}" for name in product.files}
    return {
        relative: {"name": name, "bytes": len(product.files[name]), "sha256": file_sha256(workspace.root / relative)}
        for name, relative in stored.items()
    }


def done_by(workspace: Workspace, manifest: Mapping[str, Any], *, skipped: bool = True) -> Done:
    """The stage whose manifest this is."""
    outputs = manifest["outputs"]
    return Done(
        files={row["name"]: workspace.root / relative for relative, row in outputs.items()},
        hashes={row["name"]: row["sha256"] for row in outputs.values()},
        counts=manifest["counts"],
        skipped=skipped,
    )
