"""The Ray runner on a local cluster of two workers, in a process of its own: Ray's warnings are not ours."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_families import cache, captions_of, made_up_lines, model

from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.translation.memory import TranslationMemory
from multiyoucook2.translation.table import translate_table

__all__ = ["cache", "model"]
pytestmark = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: the extra 'ray'")

PROGRAM = """
import json, os, sys
from pathlib import Path
import psutil, pyarrow.parquet as pq
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.engines.kinds.table import Lookup
from multiyoucook2.runners.ray import Ray
from multiyoucook2.translation.engine_task import EngineTask
from multiyoucook2.translation.ladder import Job, translate_texts
from multiyoucook2.translation.memory import SpaceKey, TranslationMemory
from multiyoucook2.translation.table import translate_table

captions, engine, out = map(Path, sys.argv[1:])
killed = []

def kill_one(done, total):
    workers = [p for p in psutil.Process().children(recursive=True) if p.name().startswith("ray::Worker")]
    if 0 < done < total and not killed and workers:
        killed.append(workers[0].pid)
        workers[0].kill()

runner = Ray(workers=2)
table = translate_table(
    pq.read_table(captions), engine=resolve(str(engine), "de", cache_dir=out, offline=True), device="cpu", threads=1,
    decoding=Decoding(beam_size=2, batch_tokens=64), memory=TranslationMemory(out / "memory"), runner=runner,
    progress=kill_one,
)
pq.write_table(table, out / "table.parquet")

class Deadly(Lookup):
    def translate(self, batch, search):
        if any("poison" in source.tokens[0] for source in batch):
            os._exit(1)
        return super().translate(batch, search)

texts = [f"text {n}" for n in range(6)] + ["the poison"]
task = EngineTask(lambda: Deadly({text: f"Wort {text.split()[-1]}" for text in texts}))
with TranslationMemory(out / "deadly").space(SpaceKey("de", "deadly", "", "")) as space:
    found = translate_texts(texts, Job("de", task, Decoding(batch_tokens=64), space, runner))
lost = {text: outcome.flags for text, outcome in found.items() if outcome.flags}
runner.close()
print(json.dumps({"killed": len(killed), "lost": lost, "sound": sum(bool(row.text) for row in found.values())}))
"""


def test_same_bytes_as_the_local_runner_though_a_worker_is_killed(
    model: Callable[[str], Path], cache: Path, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    captions = captions_of(made_up_lines(300))
    pq.write_table(captions, tmp_path / "captions.parquet")
    arguments = [str(tmp_path / "captions.parquet"), str(model("mini")), str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["killed"] == 1
    assert report["lost"] == {"the poison": ["empty", "failed"]}
    assert report["sound"] == 6
    assert "'the poison', which stays untranslated: it has ended its worker 3 times" in done.stderr
    local = translate_table(
        captions, engine=resolve(str(model("mini")), "de", cache_dir=cache, offline=True), device="cpu", threads=1,
        decoding=Decoding(beam_size=2, batch_tokens=64), memory=TranslationMemory(tmp_path / "local"),
    )  # fmt: skip
    assert pq.read_table(tmp_path / "table.parquet") == local
