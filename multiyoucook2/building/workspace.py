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
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import WorkspaceError
from ..files import PARTIAL_PREFIX, atomic_write, file_sha256, json_bytes

BUILD_FILE = "build.json"
REPORT_FILE = "report.json"
RECIPE_FILE = "recipe.yaml"
LOCK_FILE = ".lock"
HOLDER_FILE = ".lock-holder.json"
_GLANCE_S = 0.5  # as long as somebody who only looks who holds the lock may hold it
_OURS = {BUILD_FILE, RECIPE_FILE, LOCK_FILE, HOLDER_FILE, "manifests", "objects", "memory", "dataset", REPORT_FILE}
_MANIFEST_KEYS = {"key", "outputs", "counts", "seconds", "versions"}


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
            WorkspaceError: another process holds it; the message names its host, its process id and since when.
        """
        from filelock import FileLock, Timeout

        self._make_root()
        lock = FileLock(self.root / LOCK_FILE, timeout=_GLANCE_S)
        try:
            lock.acquire()
        except Timeout:
            raise WorkspaceError(
                f"{self.root} is in use by {self._holder()}",
                hint="wait until it ends, stop it, or build into another folder with --out",
            ) from None
        try:
            holder = {"host": socket.gethostname(), "pid": os.getpid(), "since": time.time()}
            self._sweep()
            atomic_write(self.root / HOLDER_FILE, json_bytes(holder))
            yield
        finally:
            with suppress(OSError):
                (self.root / HOLDER_FILE).unlink(missing_ok=True)
            lock.release()

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
                    f"{path} is damaged", hint="remove that file if the folder is a build of this recipe"
                )
            if found["recipe"] != recipe:
                raise WorkspaceError(
                    f"{self.root} holds a build of the recipe {found['recipe']!r}, not of {recipe!r}",
                    hint=f"choose another folder with --out, e.g. --out build/{recipe}, or remove this one",
                )
            return
        foreign = [p.name for p in self.root.iterdir() if p.name not in _OURS and not p.name.startswith(PARTIAL_PREFIX)]
        if foreign:
            raise WorkspaceError(
                f"{self.root} is not empty and not a build folder (it holds {sorted(foreign)[0]!r})",
                hint="choose a new or empty folder with --out",
            )
        atomic_write(path, json_bytes({"recipe": recipe}))

    def about(self) -> dict[str, Any] | None:
        """What ``build.json`` says (``recipe``); ``None`` if the folder is no build."""
        found = _read_json(self.root / BUILD_FILE)
        return found if isinstance(found, dict) and "recipe" in found else None

    def holder(self) -> str | None:
        """Who works in the folder, in words; ``None`` if nobody does."""
        from filelock import FileLock, Timeout

        if not (self.root / LOCK_FILE).exists():
            return None
        try:
            with FileLock(self.root / LOCK_FILE, timeout=0):
                return None
        except Timeout:
            return self._holder()

    def read_manifest(self, stage: str) -> dict[str, Any] | None:
        """The manifest of a stage's last finished run; ``None`` if there is none that is whole."""
        found = _read_json(self.root / "manifests" / f"{stage}.json")
        return found if isinstance(found, dict) and found.keys() >= _MANIFEST_KEYS else None

    def manifests(self) -> dict[str, dict[str, Any]]:
        """All readable manifests, by stage name."""
        names = sorted(path.stem for path in (self.root / "manifests").glob("*.json"))
        return {name: manifest for name in names if (manifest := self.read_manifest(name)) is not None}

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
        """Remove a stage's earlier outputs, and partial files of killed runs."""
        for path in (self.root / "objects" / stage).glob("*"):
            if path.relative_to(self.root).as_posix() not in keep:
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

    def _make_root(self) -> None:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise WorkspaceError(f"{self.root} is not a folder", hint="choose another folder with --out") from None
        except PermissionError:
            raise WorkspaceError(
                f"{self.root} cannot be made: permission denied", hint="choose a folder of yours with --out"
            ) from None

    def _sweep(self) -> None:
        """Remove what killed runs were about to write."""
        for path in [*self.root.glob(f"{PARTIAL_PREFIX}*"), *self.root.glob(f"manifests/{PARTIAL_PREFIX}*")]:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _holder(self) -> str:
        found = _read_json(self.root / HOLDER_FILE)
        if not isinstance(found, dict) or not {"host", "pid", "since"} <= found.keys():
            return "another process"
        minutes, seconds = divmod(max(0, round(time.time() - found["since"])), 60)
        return f"process {found['pid']} on {found['host']}, for {minutes} min {seconds} s"


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
