"""A trained model and features -> the index of all clips that have both a segment and features."""

import os
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
from pydantic import Field

from ...corpus.captions import load_captions
from ...corpus.clips import Clip, load_clips
from ...errors import DatasetError, FeatureError, shown
from ...features.store import FeatureStore
from ...files.folders import fresh_folder
from ...files.reading import Record, read_json
from ...files.whole import json_bytes, write_synced
from ...progress import Listener, Silent
from ..evaluation.embed import VIDEO_CLIPS, embed_videos
from ..model.towers import TextVideoModel
from .approximate import Approximate, build_graph, require_usearch
from .exact import Vectors
from .index import ABOUT, CLIP_SCHEMA, CLIPS, FORMAT, KIND, VECTORS, SearchIndex
from .query_model import QueryModel, choose_device, model_hash, unit_float16

RUN_FILE, MODEL_FOLDER = "run.json", "model"
_AT_ONCE = 16 * VIDEO_CLIPS
_MEASURED = 500  # captions that an approximate index is measured with


class _Recipe(Record):
    max_tokens_eval: Annotated[int, Field(ge=1)]


class _Run(Record):
    """What is needed of ``run.json``."""

    dataset: str
    features: str
    recipe: _Recipe
    finished: bool = False


def build_index(
    run: str | Path,
    out: str | Path,
    *,
    features: str | Path | None = None,
    dataset: str | Path | None = None,
    approximate: bool = False,
    device: str = "auto",
    listener: Listener | None = None,
) -> SearchIndex:
    """Embed every clip and write the index, whole or not at all, replacing an earlier one.

    Args:
        run: a finished run of ``mycook train``.
        features: the run's by default; dataset: the run's by default. Clips of both splits are taken.
        approximate: make a graph too, for tens of millions of clips, and measure it; see :mod:`.approximate`.

    Raises:
        MyCookError: no finished run, a model that encodes no new text, features of another kind or size than the model
            takes, or no clip with features; no usearch, or no caption to measure with.
    """
    run, out, heard = Path(run), Path(out), listener or Silent()
    if approximate:
        require_usearch()
    about = _read_run(run)
    store = FeatureStore.open(features or about.features)
    source = str(dataset or about.dataset)
    place = run / MODEL_FOLDER
    model = TextVideoModel.from_pretrained(place)
    _check_features(model, store)
    model.encoder.tokenize(["a query"])  # refuses a model of vectors alone, whose index could not be asked anything
    clips = [clip for clip in load_clips(source) if clip.clip_id in store]
    if not clips:
        raise FeatureError(
            f"no clip of {source} has features in {store.folder}", hint=f"its ids are like {store.clip_ids[0]!r}"
        )
    empty = store.without_frames([clip.clip_id for clip in clips])
    if len(empty) == len(clips):
        raise FeatureError(f"no clip of {source} has a frame in {store.folder}", hint="extract or import them again")
    if empty:
        heard.note(f"{len(empty):,} clips are left out, as their features have no frame, first {empty[0]}")
        gone = set(empty)
        clips = [clip for clip in clips if clip.clip_id not in gone]
    table, data, languages = _clip_table(source, clips)
    chosen = choose_device(device)
    queries = QueryModel(model, max_length=about.recipe.max_tokens_eval, device=chosen)
    measured_QE = _measured_with(table, queries) if approximate else None
    ids, seen = [clip.clip_id for clip in clips], model.config.max_frames
    rows = store.rows(ids)
    if longer := store.longer_than(seen, ids):
        heard.note(
            f"{longer:,} clips have more than {seen} frames, the most that the model sees: the rest is not found"
        )
    graph: Approximate | None = None
    heard.started("index", 0, len(rows))
    with fresh_folder(out, KIND) as fresh:
        with (fresh / VECTORS).open("wb") as file:
            for first in range(0, len(rows), _AT_ONCE):
                part = embed_videos(model, store, rows[first : first + _AT_ONCE], device=chosen)
                file.write(unit_float16(part).astype("<f2").tobytes())
                heard.progress(min(first + _AT_ONCE, len(rows)), len(rows))
        if measured_QE is not None:
            vectors = np.memmap(fresh / VECTORS, np.dtype("<f2"), "r", shape=(len(rows), model.config.embedding_dim))
            graph = build_graph(fresh, vectors, measured_QE, heard)
        with pa.OSFile(str(fresh / CLIPS), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        parts = {
            "model": {"path": _seen_from(out, place), "name": run.name, "hash": model_hash(place)},
            "features": {"path": _seen_from(out, store.folder), "name": store.name, "hash": store.content_hash},
            "data": {"path": _seen_from(out, Path(source)) if Path(source).is_dir() else source, **data},
        }
        size = {"clips": len(clips), "dim": model.config.embedding_dim, "format": FORMAT}
        rest = {"max_length": about.recipe.max_tokens_eval, "languages": languages,
                "approximate": graph.model_dump() if graph else None}  # fmt: skip
        write_synced(fresh / ABOUT, json_bytes({**size, **parts, **rest}))
    return SearchIndex.open(out, device=device)


def _measured_with(clips: pa.Table, model: QueryModel) -> Vectors:
    """Captions of clips from one end to the other, in all languages by turns, embedded as queries [Q, E]."""
    places = np.unique(np.linspace(0, len(clips) - 1, min(_MEASURED, len(clips))).astype(np.int64))
    found = clips["captions"].take(pa.array(places)).to_pylist()
    texts = [captions[number % len(captions)][1] for number, captions in enumerate(found) if captions]
    if not texts:
        raise DatasetError("no clip has a caption to measure an approximate index with", hint="leave --approximate out")
    return model.embed(texts)


def _read_run(run: Path) -> _Run:
    try:
        about = read_json(run / RUN_FILE, _Run, error=DatasetError)
    except (FileNotFoundError, NotADirectoryError):
        raise DatasetError(f"{shown(run)} holds no run", hint="train one: mycook train --out RUN ...") from None
    if not about.finished:
        raise DatasetError(f"the run {shown(run)} is not finished", hint="go on with mycook train --resume")
    return about


def _check_features(model: TextVideoModel, store: FeatureStore) -> None:
    wanted = model.config
    if store.dim != wanted.video_dim or (wanted.features and store.name != wanted.features):
        raise FeatureError(
            f"the features {shown(store.folder)} are {store.name} with {store.dim} dimensions; the model takes "
            f"{wanted.features or 'features'} with {wanted.video_dim}",
            hint="give the features that it was trained on, or the same of other clips, with --features",
        )


def _clip_table(dataset: str, clips: list[Clip]) -> tuple[pa.Table, dict[str, str], list[str]]:
    """Rows of ``clips.arrow``; name and hash of the data set; its languages."""
    captions: dict[str, dict[str, str]] = {clip.clip_id: {} for clip in clips}
    name, content_hash, languages = "", "", list[str]()
    for split in dict.fromkeys(clip.split for clip in clips):
        found = load_captions(dataset, split=split, accepted_only=True)
        name, content_hash, languages = found.name, found.content_hash, list(found.languages)
        for lang in found.languages:
            for clip_id, texts in zip(found.clip_ids, found.texts[lang], strict=True):
                first = next((text for text in texts if text), None)
                if first is not None and clip_id in captions:
                    captions[clip_id][lang] = first
    columns: dict[str, object] = {
        field.name: [getattr(clip, field.name) for clip in clips] for field in CLIP_SCHEMA if field.name != "captions"
    }
    columns["captions"] = [list(captions[clip.clip_id].items()) for clip in clips]
    return pa.table(columns, schema=CLIP_SCHEMA), {"name": name, "hash": content_hash}, languages


def _seen_from(folder: Path, target: Path) -> str:
    return os.path.relpath(os.path.abspath(target), os.path.abspath(folder))
