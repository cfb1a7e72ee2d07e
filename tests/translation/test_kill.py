"""Killed or interrupted at any instant, then resumed: the same table, through a real process."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

PROGRAM = """
import sys
from pathlib import Path
import pyarrow.parquet as pq
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.translation.memory import TranslationMemory
from multiyoucook2.translation.table import translate_table
clips, engine, memory, out = sys.argv[1:]
print("started", flush=True)
table = translate_table(
    pq.read_table(clips), engine=resolve(engine, "de", cache_dir=Path(memory), offline=True), device="cpu", threads=2,
    decoding=Decoding(beam_size=4, batch_tokens=64), memory=TranslationMemory(Path(memory)),
)
pq.write_table(table, out)
"""


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    from tiny_families import captions_of, made_up_lines

    pq.write_table(captions_of(made_up_lines(700)), tmp_path / "clips.parquet")
    return tmp_path / "clips.parquet"


def test_killed_and_resumed(model: Callable[[str], Path], clips: Path, tmp_path: Path) -> None:
    def start(name: str) -> "subprocess.Popen[str]":
        arguments = [str(clips), str(model("mini")), str(tmp_path / name), str(tmp_path / f"{name}.parquet")]
        command = [sys.executable, "-c", PROGRAM, *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    with start("straight") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        began = time.monotonic()
    took = time.monotonic() - began
    assert process.returncode == 0

    rng = random.Random(3)
    for number in range(8):
        with start("killed") as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(rng.uniform(0, took / 4))
            process.send_signal(signal.SIGINT if number % 4 == 3 else signal.SIGKILL)
        if (tmp_path / "killed.parquet").exists():  # it was done before it was killed
            break
    with start("killed") as process:
        process.communicate()
    assert process.returncode == 0
    assert (tmp_path / "killed.parquet").read_bytes() == (tmp_path / "straight.parquet").read_bytes()
    shards = [path.name.split("-", 1)[1] for path in (tmp_path / "straight").rglob("*.parquet")]
    assert shards == [path.name.split("-", 1)[1] for path in (tmp_path / "killed").rglob("*.parquet")]
