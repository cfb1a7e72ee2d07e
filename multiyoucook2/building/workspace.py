"""A build folder: what is in it, who works on it, and how files get into it whole.

::

    OUT/
      build.json            which recipe's build this is
      recipe.yaml           the recipe as the last run used it, options of the command line included
      manifests/STAGE.json  one a finished stage: key, inputs, versions, outputs with their hashes, counts, seconds
      objects/              outputs of the stages, named by their content
      memory/               the translation memory
      report.json           figures of the validation
      dataset/              the published data set

A file appears under its name only when it is complete and on the disk (written beside, synced, renamed), so a build
that is killed at any instant leaves whole files or none.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import Field

from ..errors import WorkspaceError, shown
from ..files import (
    PARTIAL_PREFIX,
    FileRow,
    Record,
    atomic_write,
    claim_folder,
    clear_leftovers,
    clear_partial,
    file_sha256,
    json_bytes,
    lock,
    lock_holder,
    read_json,
)

BUILD_FILE = "build.json"
REPORT_FILE = "report.json"
RECIPE_FILE = "recipe.yaml"
_OURS = {BUILD_FILE, RECIPE_FILE, "manifests", "objects", "memory", "dataset", REPORT_FILE}


class _About(Record):
    recipe: str


class _Output(FileRow):
    name: str


class _Inputs(Record):
    settings: Any = None
    reads: dict[str, str] = Field(default_factory=dict)


class _StageManifest(Record):
    """What a stage's manifest must hold to be believed; it holds more."""

    key: str
    outputs: dict[str, _Output]
    counts: dict[str, int]
    seconds: float
    versions: dict[str, str]
    inputs: _Inputs = _Inputs()


class Workspace:
    """One build folder. Everything but :meth:`read_manifest` wants the lock to be held."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.memory = root / "memory"
        self.dataset = root / "dataset"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for this process; freed by the system however the process ends.

        Raises:
            WorkspaceError: another process holds it, or it holds files that are no build's.
        """
        if not (self.root / "manifests").is_dir():  # a build whose build.json was removed is taken up again
            claim_folder(self.root, BUILD_FILE, "build")
        with lock(self.root, "build"):
            clear_leftovers(self.root)
            for name in (BUILD_FILE, RECIPE_FILE, REPORT_FILE):
                clear_partial(self.root / name)
            for path in (self.root / "manifests").glob(f"{PARTIAL_PREFIX}*"):
                path.unlink(missing_ok=True)
            yield

    def claim(self, recipe: str) -> None:
        """Make this the folder of a recipe's build, or check that it is.

        Raises:
            WorkspaceError: it holds another recipe's build, or files that are no build's.
        """
        path = self.root / BUILD_FILE
        if path.exists():
            found = self.about()
            if found is None:
                raise WorkspaceError(
                    f"{shown(path)} is damaged", hint="remove that file if the folder is a build of this recipe"
                )
            if found["recipe"] != recipe:
                raise WorkspaceError(
                    f"{self.root} holds a build of the recipe {found['recipe']!r}, not of {recipe!r}",
                    hint=f"choose another folder with --out, e.g. --out build/{recipe}, or remove this one",
                )
            return
        claim_folder(self.root, BUILD_FILE, "build", ours=_OURS if self.manifests() else ())
        atomic_write(path, json_bytes({"recipe": recipe}))

    def about(self) -> dict[str, Any] | None:
        """What ``build.json`` says (``recipe``); ``None`` if the folder is no build."""
        try:
            return read_json(self.root / BUILD_FILE, _About).model_dump()
        except (OSError, WorkspaceError):
            return None

    def holder(self) -> str | None:
        """Who works in the folder, in words; ``None`` if nobody does."""
        return lock_holder(self.root)

    def read_manifest(self, stage: str) -> dict[str, Any] | None:
        """The manifest of a stage's last finished run; ``None`` if there is none that is whole."""
        try:
            return read_json(self.root / "manifests" / f"{stage}.json", _StageManifest).model_dump()
        except (OSError, WorkspaceError):
            return None

    def known_files(self, stage: str, folder: str) -> dict[str, FileRow]:
        """What a stage wrote into a folder, by name in it: earlier versions left no manifest there."""
        outputs = (self.read_manifest(stage) or {"outputs": {}})["outputs"]
        rows = {name.removeprefix(f"{folder}/"): row for name, row in outputs.items() if name.startswith(f"{folder}/")}
        return {name: FileRow(bytes=row["bytes"], sha256=row["sha256"]) for name, row in rows.items()}

    def manifests(self) -> dict[str, dict[str, Any]]:
        """All readable manifests, by stage name."""
        names = sorted(path.stem for path in (self.root / "manifests").glob("*.json"))
        return {name: manifest for name in names if (manifest := self.read_manifest(name)) is not None}

    def unfinished(self) -> dict[str, str]:
        """Stages that are begun and not finished, or whose manifest is damaged, and what there is of them."""
        found = {}
        for path in sorted((self.root / "manifests").glob("*.json")):
            if self.read_manifest(path.stem) is None:
                found[path.stem] = f"manifests/{path.name} is damaged"
        for space in sorted((self.root / "memory").glob("*-*")):
            stage = f"translate-{space.name.partition('-')[0]}"
            batches = sum(1 for _ in space.glob("[0-9]*.parquet"))
            if batches and not (self.root / "manifests" / f"{stage}.json").exists():
                found[stage] = f"part done: {batches} batches or parts are in the memory"
        return found

    def write_manifest(self, stage: str, manifest: Mapping[str, Any]) -> None:
        """Record a finished stage; from now on it can be skipped."""
        atomic_write(self.root / "manifests" / f"{stage}.json", json_bytes(manifest))

    def store(self, stage: str, name: str, data: bytes) -> str:
        """Keep an output under a name made of its stage and content; returns that name, relative to the root."""
        digest = hashlib.sha256(data).hexdigest()[:16]
        stem, dot, suffix = name.partition(".")
        relative = f"objects/{stage}/{stem}-{digest}{dot}{suffix}"
        atomic_write(self.root / relative, data)
        return relative

    def drop_others(self, stage: str, keep: set[str]) -> None:
        """Remove a stage's earlier outputs, and partial files of killed runs.

        An output's name says what it holds, so a file that is not as we wrote it, or not ours, is left where it is.
        """
        for path in (self.root / "objects" / stage).glob("*"):
            if not path.is_file() or f"objects/{stage}/{path.name}" in keep:
                continue
            digest = path.name.partition(".")[0].rpartition("-")[2]
            if path.name.startswith(PARTIAL_PREFIX) or file_sha256(path)[:16] == digest:
                path.unlink(missing_ok=True)

    def damage(self, outputs: Mapping[str, Mapping[str, Any]]) -> str | None:
        """What is wrong with recorded outputs (relative name -> bytes, sha256), in words; ``None`` if nothing."""
        for name, recorded in outputs.items():
            path = self.root / name
            if not path.is_file():
                return f"{name} is missing"
            if path.stat().st_size != recorded["bytes"]:
                return f"{name} is damaged (it has {path.stat().st_size} bytes instead of {recorded['bytes']})"
            if file_sha256(path) != recorded["sha256"]:
                return f"{name} is damaged (its content is not what was written)"
        return None
