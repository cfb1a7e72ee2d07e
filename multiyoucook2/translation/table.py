"""The translate stage: a table of captions in, a table of translations out."""

import hashlib
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from ..corpus.tables import MACHINE, TRANSLATION
from ..engines import VERSION as ENGINES_VERSION
from ..engines.base import Engine
from ..engines.decoding import Decoding
from ..engines.hardware import Hardware, hardware_of
from ..engines.kind import PreparedEngine, ResolvedEngine
from ..engines.kinds.table import ResolvedTable
from ..errors import ModelError
from ..runners.base import Runner
from ..runners.local import Local
from . import VERSION
from .engine_task import EngineTask
from .ladder import Job, translate_texts
from .memory import SpaceKey, TranslationMemory


def translate_table(
    captions: pa.Table,
    *,
    engine: ResolvedEngine,
    decoding: Decoding,
    device: str = "auto",
    threads: int | None = None,
    memory: TranslationMemory,
    runner: Runner | None = None,
    progress: Callable[[int, int], None] | None = None,
    keep: bool = False,
) -> pa.Table:
    """Translates a table of captions into the engine's language.

    Args:
        captions: columns ``clip_id``, ``text`` and, where a clip has several, ``caption_index``.
        engine: what ``engines.resolve.resolve`` gave.
        decoding: search, batch size and retries.
        device: ``auto``, ``cpu`` or ``cuda``.
        threads: parallel translators on the CPU; ``None``: as many as there are usable cores.
        memory: where finished batches are kept.
        runner: where batches are translated; this process, unless another is given.
        progress: called with (distinct texts done, distinct texts in all).
        keep: remember all that the first search finds of each text, for repair.

    Returns:
        A table of ``corpus.tables.TRANSLATION``, one row a caption, in the order of the captions.

    Raises:
        ModelError: a missing token, a damaged model, a failing engine.
        FetchError: a download is needed and fails.
        WorkspaceError: the memory is in use or cannot be written; the runner's workers cannot be reached.
    """
    runner, texts = runner or Local(), captions.column("text").to_pylist()
    model, key, task = settled(engine, decoding, device, threads, runner)
    with memory.space(key) as space:
        job = Job(engine.lang, task, _tried_once(decoding, engine), space, runner, keep)
        outcomes = translate_texts(texts, job, progress)
        space.compact()
    rows = [outcomes[text] for text in texts]
    indexed = "caption_index" in captions.column_names
    columns = {
        "clip_id": captions.column("clip_id").to_pylist(),
        "caption_index": captions.column("caption_index").to_pylist() if indexed else [0] * len(rows),
        "lang": [engine.lang] * len(rows),
        "text": [row.text for row in rows],
        "score": [row.score for row in rows],
        "model": [engine.name] * len(rows),
        "revision": [engine.revision] * len(rows),
        "license": [model.license] * len(rows),
        "decode_hash": [key.decode_hash] * len(rows),
        "flags": [list(row.flags) for row in rows],
        "retries": [row.retries for row in rows],
        "origin": [engine.origin if row.text else MACHINE for row in rows],  # what is not there nobody wrote
        "first": [None] * len(rows),
    }
    return pa.table({name: columns[name] for name in TRANSLATION.names}, schema=TRANSLATION)


def _tried_once(decoding: Decoding, engine: ResolvedEngine) -> Decoding:
    """The decoding; without retries for a table: what it has of a caption's parts is no translation of the caption."""
    return decoding.model_copy(update={"retry": False}) if isinstance(engine, ResolvedTable) else decoding


def settled(
    engine: ResolvedEngine, decoding: Decoding, device: str, threads: int | None, runner: Runner
) -> tuple[PreparedEngine, SpaceKey, EngineTask]:
    """An engine for the workers of a runner: prepared here, the space of its outputs, and the workers' task.

    All that outputs depend on is settled here, once, by what the workers have.

    Raises:
        ModelError, FetchError: it cannot be prepared, or the workers lack the device.
    """
    found = hardware_of(runner, device)
    model = engine.prepare(found)
    key = SpaceKey(engine.lang, engine.name, engine.revision, decode_hash(model, decoding))
    return model, key, EngineTask(OpenEngine(engine, found, decoding, threads, key.decode_hash))


@dataclass(frozen=True)
class OpenEngine:
    """Prepares and opens an engine wherever it is called: what a worker on another machine does first.

    ``decode_hash`` is that of the rows and the memory, where it was settled: outputs of another are never made.
    """

    engine: ResolvedEngine
    device: str | Hardware
    decoding: Decoding
    threads: int | None
    decode_hash: str | None = None

    def __call__(self) -> Engine:
        """The engine, in this process.

        Raises:
            ModelError, FetchError: it cannot be prepared here, or would translate otherwise than was settled.
        """
        model = self.engine.prepare(self.device)
        if self.decode_hash not in (None, own := decode_hash(model, self.decoding)):
            raise ModelError(
                f"{self.engine.name} would translate otherwise on {platform.node()}: decoding hash {own}, not "
                f"{self.decode_hash}",
                hint="all machines need the same version of this package, and the same vocabulary maps in their cache",
            )
        return model.open(self.decoding, self.threads)


def decode_hash(model: PreparedEngine, decoding: Decoding) -> str:
    """16 hex digits of a hash over all that outputs depend on beside text, language, model and revision."""
    parts = [ENGINES_VERSION, VERSION, decoding.model_dump(mode="json"), dict(model.depends_on(decoding))]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
