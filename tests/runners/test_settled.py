"""What outputs depend on is settled once, by what the workers have: no worker chooses, and rows name what was used."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ctranslate2
import pytest
from tiny_families import cache, captions_of, made_up_lines, model

from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.hardware import AS_IT_IS, Hardware, hardware, hardware_of
from multiyoucook2.engines.kind import ResolvedEngine
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.errors import ModelError
from multiyoucook2.runners.local import Local
from multiyoucook2.translation.memory import TranslationMemory
from multiyoucook2.translation.table import OpenEngine, decode_hash, settled, translate_table

__all__ = ["cache", "model"]
GREEDY = Decoding(beam_size=1)
WHOLE = Hardware("cpu", frozenset({"float32", AS_IT_IS}))
GPU = Hardware("cuda", frozenset({"int8_float16", "float16", "float32", AS_IT_IS}))


class Elsewhere(Local):
    """The workers of machines that have something else than this one."""

    def __init__(self, *found: Hardware) -> None:
        self.found = list(found)

    def ask(self, question: Callable[..., Any], *arguments: Any) -> list[Any]:
        return self.found


@pytest.fixture
def marian(model: Callable[[str], Path], cache: Path) -> ResolvedEngine:
    return resolve(str(model("marian")), "de", cache_dir=cache, offline=True)


def test_rows_and_memory_are_of_the_workers_compute_type(marian: ResolvedEngine, tmp_path: Path) -> None:
    memory, captions = TranslationMemory(tmp_path), captions_of(made_up_lines(5))
    hashes = {}
    for name, runner in {"here": Local(), "there": Elsewhere(hardware(), WHOLE)}.items():
        rows = translate_table(
            captions, engine=marian, decoding=GREEDY, device="cpu", threads=1, memory=memory, runner=runner
        )
        (hashes[name],) = set(rows["decode_hash"].to_pylist())
    assert hashes == {
        "here": decode_hash(marian.prepare("cpu"), GREEDY),
        "there": decode_hash(marian.prepare(WHOLE), GREEDY),
    }
    assert marian.prepare(WHOLE).depends_on(GREEDY) == {"compute_type": "float32", "map": None}
    assert len(list(tmp_path.iterdir())) == 2  # what one has made the other does not take


def test_worker_does_what_it_was_told(marian: ResolvedEngine) -> None:
    _, key, task = settled(marian, GREEDY, "cpu", 1, Elsewhere(WHOLE))
    there = pickle.loads(pickle.dumps(task)).engine
    assert (there._device, there._compute_type) == ("cpu", "float32")
    assert key.decode_hash == decode_hash(marian.prepare(WHOLE), GREEDY)


@pytest.mark.skipif(ctranslate2.get_cuda_device_count() > 0, reason="there is a GPU here")
def test_machine_without_a_gpu_prepares_for_workers_that_have_one(marian: ResolvedEngine, tmp_path: Path) -> None:
    prepared, key, task = settled(marian, GREEDY, "cuda", 1, Elsewhere(GPU))
    assert prepared.depends_on(GREEDY)["compute_type"] == "int8_float16"
    assert key.decode_hash != decode_hash(marian.prepare("cpu"), GREEDY)
    assert [source.cut for source in task.engine.read(["add salt"])] == [False]  # what the planner needs of it
    with pytest.raises(
        ModelError, match=r"run on cuda as int8_float16, which the machine .* does not supply"
    ) as caught:
        translate_table(
            captions_of(["add salt"]), engine=marian, decoding=GREEDY, device="cuda", threads=1,
            memory=TranslationMemory(tmp_path), runner=Elsewhere(GPU),
        )  # fmt: skip
    assert "--device cpu" in caught.value.hint
    with pytest.raises(ModelError, match="no CUDA device is visible"):
        hardware_of(Local(), "cuda")


def test_two_engines_in_a_row_are_settled_together(model: Callable[[str], Path], cache: Path) -> None:
    engine = resolve(f"via:en:{model('m2m100')}+{model('mini')}", "fr", source_lang="de", cache_dir=cache, offline=True)
    both: Any = engine.prepare(WHOLE).depends_on(GREEDY)
    assert [row["compute_type"] for row in both.values()] == ["float32", AS_IT_IS]


def test_workers_that_differ() -> None:
    assert hardware_of(Elsewhere(GPU, Hardware("cuda", frozenset({"float32", AS_IT_IS})))) == Hardware(
        "cuda", frozenset({"float32", AS_IT_IS})
    )
    with pytest.raises(ModelError, match="sees a GPU on some workers and none on others"):
        hardware_of(Elsewhere(GPU, WHOLE))


def test_worker_that_would_translate_otherwise_says_so(marian: ResolvedEngine) -> None:
    """Such as one with another version of this package, or without the vocabulary map that was measured."""
    told = decode_hash(marian.prepare("cpu"), GREEDY)
    assert OpenEngine(marian, "cpu", GREEDY, 1, told)().workers == 1
    with pytest.raises(ModelError, match=f"would translate otherwise on .*, not {told}"):
        OpenEngine(marian, WHOLE, GREEDY, 1, told)()
