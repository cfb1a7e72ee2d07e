"""Stages, and how one is run: skipped if its key and outputs are as its manifest says, done again otherwise."""

import hashlib
import importlib.metadata
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import __version__
from ..files import file_sha256, refuse_foreign, replace_folder
from ..progress import Listener
from .workspace import Workspace

FOLDER_KIND = "data set"  # what a stage with a folder makes


@dataclass(frozen=True)
class Product:
    """What a stage's work gives: files (name -> bytes) and counts for the manifest."""

    files: Mapping[str, bytes]
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """One step of a build.

    ``inputs`` is all that the outputs depend on, JSON-able: parts of the recipe, and hashes of what is read.
    ``packages`` are the distributions whose version can change the outputs. With ``folder`` the files become that
    folder's whole content (relative to the workspace) under their own names, instead of content-named objects.
    """

    name: str
    inputs: Mapping[str, Any]
    work: Callable[[], Product]
    packages: tuple[str, ...] = ("multiyoucook2", "pyarrow")
    folder: str | None = None


@dataclass(frozen=True)
class Done:
    """A finished stage: where its files are, and their hashes, both by the name that the work gave them."""

    files: Mapping[str, Path]
    hashes: Mapping[str, str]
    counts: Mapping[str, int]
    skipped: bool


def package_version(name: str) -> str:
    """The installed version of a distribution; ours is known without being installed."""
    return __version__ if name == "multiyoucook2" else importlib.metadata.version(name)


def stage_key(stage: Stage) -> str:
    """A hash of all that a stage's outputs depend on."""
    versions = {name: package_version(name) for name in stage.packages}
    return hashlib.sha256(json.dumps([stage.name, stage.inputs, versions], sort_keys=True).encode()).hexdigest()


def is_current(stage: Stage, workspace: Workspace) -> bool:
    """Whether :func:`run` would skip the stage."""
    manifest = workspace.read_manifest(stage.name)
    return manifest is not None and manifest["key"] == stage_key(stage) and not workspace.damage(manifest["outputs"])


def run(stage: Stage, workspace: Workspace, listener: Listener) -> Done:
    """Run a stage, or find that its manifest and outputs still hold and skip it."""
    key = stage_key(stage)
    manifest = workspace.read_manifest(stage.name)
    if manifest and manifest["key"] == key:
        damage = workspace.damage(manifest["outputs"])
        if damage is None:
            listener.finished(stage.name, skipped=True, seconds=0.0, counts=manifest["counts"])
            return _done(workspace, manifest, skipped=True)
        listener.note(f"{damage}: stage {stage.name} is done again")
    if stage.folder is not None:  # before any work: what is there may not be ours to replace
        refuse_foreign(
            workspace.root / stage.folder, FOLDER_KIND, known=workspace.known_files(stage.name, stage.folder)
        )
    listener.started(stage.name)
    began = time.perf_counter()
    product = stage.work()
    outputs = _write(stage, workspace, product)
    seconds = round(time.perf_counter() - began, 3)
    manifest = {
        "stage": stage.name,
        "key": key,
        "inputs": stage.inputs,
        "versions": {name: package_version(name) for name in stage.packages},
        "outputs": outputs,
        "counts": dict(product.counts),
        "seconds": seconds,
    }
    workspace.write_manifest(stage.name, manifest)
    if stage.folder is None:
        workspace.drop_others(stage.name, set(outputs))
    listener.finished(stage.name, skipped=False, seconds=seconds, counts=product.counts)
    return _done(workspace, manifest, skipped=False)


def _write(stage: Stage, workspace: Workspace, product: Product) -> dict[str, dict[str, Any]]:
    if stage.folder is None:
        stored = {name: workspace.store(stage.name, name, data) for name, data in product.files.items()}
    else:
        known = workspace.known_files(stage.name, stage.folder)
        replace_folder(workspace.root / stage.folder, product.files, FOLDER_KIND, known=known)
        stored = {name: f"{stage.folder}/{name}" for name in product.files}
    return {
        relative: {"name": name, "bytes": len(product.files[name]), "sha256": file_sha256(workspace.root / relative)}
        for name, relative in stored.items()
    }


def _done(workspace: Workspace, manifest: Mapping[str, Any], *, skipped: bool) -> Done:
    outputs = manifest["outputs"]
    return Done(
        files={row["name"]: workspace.root / relative for relative, row in outputs.items()},
        hashes={row["name"]: row["sha256"] for row in outputs.values()},
        counts=manifest["counts"],
        skipped=skipped,
    )
