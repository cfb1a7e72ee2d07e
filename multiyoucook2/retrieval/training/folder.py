"""A run's folder: who may use it, what it holds already, and whether that is the run that is asked for."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from accelerate import Accelerator

from ...errors import TrainingError
from ...files import claim_folder, lock
from ..evaluation.runfiles import RUN_FILE, RunRecord, read_run
from .checkpoint import first_difference, has_checkpoint

TEACHERS_FOLDER = "teachers"


@contextmanager
def run_folder(folder: Path, accelerator: Accelerator, *, wait: bool = False) -> Iterator[None]:
    """Hold a run's folder, which may hold nothing but a run, for this run; its first process does.

    Args:
        wait: until another run has done with it, as with a teacher that both need.

    Raises:
        WorkspaceError: another run has it, it cannot be made, or it holds files that no run of ours wrote.
    """
    if not accelerator.is_main_process:
        yield
        return
    claim_folder(folder, RUN_FILE, "run", ours=[TEACHERS_FOLDER])
    with lock(folder, "run", wait=wait):
        yield


def require_place(folder: Path, *, resume: bool) -> None:
    """A new run needs a folder without one; ``resume`` needs a folder with one.

    Raises:
        TrainingError: it is the other way round.
    """
    there = has_checkpoint(folder) or (folder / RUN_FILE).exists()
    if there and not resume:
        raise TrainingError(
            f"{folder} holds a run already", hint="go on with --resume, or choose another folder with --out"
        )
    if resume and not there:
        raise TrainingError(f"there is no run in {folder} to go on with", hint="leave --resume out, or mend --out")


def same_run(folder: Path, identity: Mapping[str, object], *, inherited: tuple[str, ...] = ()) -> RunRecord | None:
    """The record of the run in ``folder``; ``None`` if there is none.

    Args:
        identity: what it must share with this run.
        inherited: recipe values that may differ once it is finished, as nobody asked for them.

    Raises:
        TrainingError: it is another run; the message names the first value that differs.
    """
    about = read_run(folder)
    if about is None or about.identity is None:
        return None
    theirs, mine = json.loads(json.dumps([about.identity, identity]))
    if about.finished:
        for name in inherited:
            for one in (theirs, mine):
                if isinstance(one, dict) and isinstance(one.get("recipe"), dict):
                    one["recipe"].pop(name, None)
    differs = first_difference(theirs, mine)
    if differs:
        raise TrainingError(
            f"{folder} holds another run: {differs}",
            hint="choose another folder (--out, --teachers), or give the values that it was started with",
        )
    return about
