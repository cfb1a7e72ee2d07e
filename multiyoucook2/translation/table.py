"""The translate stage: a table of clips in, a table of translations out."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa

from ..corpus.tables import TRANSLATION
from ..engines.base import Translator
from ..engines.convert import PreparedModel, model_revision, prepare
from ..engines.ctranslate2 import CTranslate2
from ..engines.registry import find_engine
from ..engines.tokens import load_tokenization
from ..files import file_sha256 as sha256_of
from ..languages import language
from .decoding import Decoding
from .ladder import Runner, translate_texts
from .memory import SpaceKey, TranslationMemory
from .shortlist import measured_map

ENGINE_VERSION = 4  # raise it with any change to tokenization, ladder or detection: memories start afresh then


@dataclass(frozen=True)
class Setup:
    """A prepared model with the decoding that runs on it, and the hash of all that changes its output."""

    model: PreparedModel
    decoding: Decoding
    map_file: Path | None
    decode_hash: str


def translate_table(
    clips: pa.Table,
    *,
    lang: str,
    engine: str,
    decoding: Decoding,
    device: str = "auto",
    threads: int | None = None,
    memory: TranslationMemory,
    cache_dir: Path,
    offline: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> pa.Table:
    """Translates the captions of a table of clips into one language.

    Args:
        clips: columns ``clip_id`` and ``caption`` (English) at least, as in ``records.CLIP``.
        lang: language code, such as ``de``.
        engine: registry name (see ``MODELS``) or the folder of a transformers or CTranslate2 model.
        decoding: search, batch size and retries.
        device: ``auto``, ``cpu`` or ``cuda``.
        threads: parallel translators on the CPU; ``None``: as many as there are usable cores.
        memory: where finished batches are kept.
        cache_dir: where downloads and converted models are kept.
        offline: download nothing.
        progress: called with (distinct texts done, distinct texts in all).

    Returns:
        A table of ``records.TRANSLATION``, one row a clip, in the order of the clips.

    Raises:
        ModelError: unknown engine, unserved language, a missing token, a damaged model.
        FetchError: a download is needed and fails.
        WorkspaceError: the memory is in use or cannot be written.
    """
    code = language(lang).code
    setup = set_up(engine, code, decoding, device=device, cache_dir=cache_dir, offline=offline)
    model, captions = setup.model, clips.column("caption").to_pylist()
    tokenization = load_tokenization(model.folder, model.family, model.token)

    @cache
    def translator() -> Translator:
        return CTranslate2(model, tokenization.target_prefix, threads=threads, map_file=setup.map_file)

    key = SpaceKey(code, model.name, model.revision, setup.decode_hash)
    with memory.space(key) as space:
        outcomes = translate_texts(captions, Runner(tokenization, translator, decoding), code, space, progress)
        space.compact()
    rows = [outcomes[caption] for caption in captions]
    columns = {
        "clip_id": clips.column("clip_id").to_pylist(),
        "lang": [code] * len(rows),
        "text": [row.text for row in rows],
        "score": [row.score for row in rows],
        "model": [model.name] * len(rows),
        "revision": [model.revision] * len(rows),
        "license": [model.license] * len(rows),
        "decode_hash": [setup.decode_hash] * len(rows),
        "flags": [list(row.flags) for row in rows],
        "retries": [row.retries for row in rows],
    }
    return pa.table(columns, schema=TRANSLATION)


def preflight(engine: str, lang: str, *, device: str = "auto", cache_dir: Path, offline: bool = False) -> None:
    """Downloads, converts and checks the model of a language, so that a build fails before its first batch.

    Raises:
        ModelError: unknown engine, unserved language, a missing token, a damaged model.
        FetchError: a download is needed and fails.
    """
    code = language(lang).code
    prepare(find_engine(engine, code), code, device=device, cache_dir=cache_dir, offline=offline)


def set_up(engine: str, lang: str, decoding: Decoding, *, device: str, cache_dir: Path, offline: bool) -> Setup:
    """Finds, prepares and checks a language's model, and hashes what changes its output beside model and text."""
    spec = find_engine(engine, lang)
    model = prepare(spec, lang, device=device, cache_dir=cache_dir, offline=offline)
    map_file = (
        (model.map_file or measured_map(cache_dir, model.name, model.revision, lang))
        if decoding.vocabulary_map
        else None
    )
    return Setup(model, decoding, map_file, _decode_hash(decoding, model.compute_type, map_file))


def engine_fingerprint(engine: str, lang: str, decoding: Decoding, *, cache_dir: Path, offline: bool) -> str:
    """A hash of all that a language's translations depend on beside the captions and the device. Loads no model.

    A hub model that was never downloaded has its commit asked of the hub, and recorded.

    Raises:
        ModelError: unknown engine or unserved language. FetchError: offline, and the commit was never recorded.
    """
    code = language(lang).code
    spec = find_engine(engine, code)
    revision = model_revision(spec, code, cache_dir=cache_dir, offline=offline)
    map_file = measured_map(cache_dir, spec.name, revision, code) if decoding.vocabulary_map else None
    parts = [ENGINE_VERSION, spec.name, spec.family, revision, spec.checkpoints[code].token, _dump(decoding)]
    return _hash([*parts, sha256_of(map_file) if map_file else None])


def _decode_hash(decoding: Decoding, compute_type: str, map_file: Path | None) -> str:
    values = _dump(decoding) | {"vocabulary_map": sha256_of(map_file) if map_file else None}
    return _hash([ENGINE_VERSION, compute_type, values])[:16]


def _dump(decoding: Decoding) -> dict[str, object]:
    return decoding.model_dump(mode="json")


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
