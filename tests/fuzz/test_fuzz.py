"""Damaged and hostile files of every kind: each ends in success or one clear line, never in a crash or a hang.

``FUZZ=1000 python -m pytest tests/fuzz`` tries a thousand changes of each kind; without it, a few dozen.
"""

import faulthandler
import json
import os
import random
import resource
import shutil
import signal
import traceback
from pathlib import Path
from typing import Any

import pytest

from multiyoucook2.errors import MyCookError

from .kind import Kind
from .kinds import KINDS
from .mutations import mutated

CHANGES = int(os.environ.get("FUZZ", "30"))
HANG_S = 10  # of processor time: other work on the machine must not count
MEMORY_BYTES = 6 << 30  # of addresses, beyond what the process has


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_change_ends_well(kind: Kind, tmp_path: Path) -> None:
    """In a forked process, so that one that crashes or hangs is a failure with its number."""
    sound = tmp_path / "sound"
    sound.mkdir()
    kind.make(sound)
    report = tmp_path / "report.jsonl"
    pid = os.fork()
    if pid == 0:
        try:
            _try_all(kind, sound, tmp_path / "work", report)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    lines = [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else []
    bad = [line for line in lines if line["wrong"]]
    assert status == 0, f"change {len(lines)} of {kind.name} ended the process: {status}"
    assert len(lines) == CHANGES
    assert not bad, "\n".join(json.dumps(line) for line in bad[:10])


def _try_all(kind: Kind, sound: Path, work: Path, report: Path) -> None:
    faulthandler.disable()
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))
    signal.signal(signal.SIGPROF, _hang)
    shutil.copytree(sound, work)
    expected = kind.read(work)  # which loads what it needs, too
    with report.open("w", buffering=1) as lines:
        for number in range(CHANGES):
            shutil.rmtree(work)
            shutil.copytree(sound, work)
            rng = random.Random(f"{kind.name} {number}")
            files = sorted(p for pattern in kind.files for p in work.glob(pattern) if p.is_file())
            path = rng.choice(files)
            path.write_bytes(mutated(path.read_bytes(), rng))
            os.utime(path, ns=(number, number))  # hashes are remembered by the time of the last change
            wrong = _try(kind, work, expected, path.read_bytes() != (sound / path.relative_to(work)).read_bytes())
            lines.write(json.dumps({"number": number, "file": str(path.relative_to(work)), "wrong": wrong}) + "\n")


def _hang(*_: Any) -> None:
    raise TimeoutError


def _try(kind: Kind, work: Path, expected: Any, changed: bool) -> str:
    """What is wrong with how one file was answered; empty if nothing."""
    signal.setitimer(signal.ITIMER_PROF, HANG_S)
    try:
        found = kind.read(work)
    except MyCookError as error:
        lines = [*str(error).split("\n"), error.hint]
        if not all(line.replace("\u3000", " ").isprintable() and len(line) < 500 for line in lines):
            return f"not a clear line: {lines}"
        return "" if str(error).strip() else "an empty message"
    except TimeoutError:
        return "hangs"
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {str(error)[:200]} at {place.filename}:{place.lineno}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return f"another result: {str(found)[:200]}" if kind.sealed and changed and found != expected else ""
