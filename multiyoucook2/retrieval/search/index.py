"""The index: unit vectors of clips in one flat file, what the clips are, and which model and data they are of.

::

    FOLDER/
      index.json    model, features and data with their hashes; size
      vectors.bin   [N, E] float16, little-endian, rows of length 1, memory-mapped
      clips.arrow   a row a clip: ids, times, split, recipe type, captions by language
      graph.usearch of an approximate index alone, see approximate.py
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from ...errors import DatasetError, is_utf8, nearest, shown
from ...files import damaged_files
from ...files.reading import Record, read_arrow, read_json
from .approximate import GRAPH, Approximate, Graph
from .exact import Backend, Rows, Vectors, top_k

if TYPE_CHECKING:
    from .query_model import QueryModel

ABOUT, VECTORS, CLIPS = "index.json", "vectors.bin", "clips.arrow"
FORMAT, KIND = 1, "search index"
CLIP_SCHEMA = pa.schema(
    [
        ("clip_id", pa.string()),
        ("video_id", pa.string()),
        ("video_url", pa.string()),
        ("start_s", pa.float64()),
        ("end_s", pa.float64()),
        ("split", pa.string()),
        ("recipe_type", pa.string()),
        ("captions", pa.map_(pa.string(), pa.string())),  # language -> first caption
    ]
)
_AGAIN = "make it again with `mycook index`"
QUERY_CHARACTERS = 1000
FILTERS = ("video_id", "recipe_type", "split")


class Part(Record):
    """Something that an index was made of: where it lay, seen from the index, and what it was."""

    path: str
    name: str
    hash: str


class About(Record):
    """``index.json``."""

    format: int
    clips: Annotated[int, Field(ge=1, le=2**40)]
    dim: Annotated[int, Field(ge=1, le=2**24)]
    model: Part
    features: Part
    data: Part
    max_length: Annotated[int, Field(ge=1)]
    languages: list[str]
    approximate: Approximate | None = None


@dataclass(frozen=True)
class Hit:
    """One clip found. ``score``: cosine of query and clip. ``captions``: language -> first caption."""

    clip_id: str
    score: float
    video_id: str
    video_url: str
    start_s: float
    end_s: float
    split: str
    recipe_type: str
    captions: Mapping[str, str]

    @property
    def link(self) -> str:
        """The video at the clip's second; empty where the data set gives no address."""
        return link_at(self.video_url, self.start_s)


def link_at(video_url: str, start_s: float) -> str:
    """A video's address at a second: ``&t=12s`` on YouTube, a media fragment elsewhere; only http(s), else empty."""
    if not video_url.startswith(("https://", "http://")):
        return ""
    if "youtube.com/watch?" in video_url or "youtu.be/" in video_url:
        return f"{video_url}{'&' if '?' in video_url else '?'}t={int(start_s)}s"
    return f"{video_url}#t={start_s:g}"


class SearchIndex:
    """Clips that can be searched by text; made by :func:`.build.build_index`, opened by :meth:`open`."""

    def __init__(self, folder: Path, about: About, vectors: Vectors, clips: pa.Table, device: str) -> None:
        self.folder, self.about, self._unchecked, self.clips, self._device = folder, about, vectors, clips, device

    @classmethod
    def open(cls, folder: str | Path, *, device: str = "auto") -> "SearchIndex":
        """Open an index without reading its vectors; the model is loaded with the first query.

        Raises:
            DatasetError: no index there, or one that is cut off or of a newer format.
        """
        folder = Path(folder)
        try:
            about = read_json(folder / ABOUT, About, error=DatasetError, hint=_AGAIN)
            if about.format != FORMAT:
                raise DatasetError(f"{shown(folder)} is a search index of format {about.format}, not {FORMAT}")
            clips = read_arrow(
                folder / CLIPS, {field.name: field.type for field in CLIP_SCHEMA}, error=DatasetError, hint=_AGAIN
            )
            size = (folder / VECTORS).stat().st_size
            graph_size = (folder / GRAPH).stat().st_size if about.approximate else 0
        except (FileNotFoundError, NotADirectoryError):
            raise DatasetError(
                f"{shown(folder)} is no search index", hint="make one: mycook index RUN --features FOLDER --out INDEX"
            ) from None
        graph_wanted = about.approximate.bytes if about.approximate else 0
        if len(clips) != about.clips or size != about.clips * about.dim * 2 or graph_size != graph_wanted:
            raise DatasetError(f"the search index {shown(folder)} is cut off", hint=_AGAIN)
        vectors = np.memmap(folder / VECTORS, np.dtype("<f2"), "r", shape=(about.clips, about.dim))
        return cls(folder, about, vectors, clips, device)

    def __len__(self) -> int:
        return self.about.clips

    @cached_property
    def vectors(self) -> Vectors:
        """Unit vectors [N, E]; all files are read once before the first search, about a second a GB.

        Raises:
            DatasetError: a file is not as it was written; changed vectors would give other scores without a word.
        """
        if damage := damaged_files(self.folder):
            raise DatasetError(f"the search index {shown(self.folder)} is damaged: {damage[0]}", hint=_AGAIN)
        return self._unchecked

    def place(self, part: Part) -> Path:
        """Where a part lies now: paths are kept as seen from the index, so that both may move together."""
        return Path(os.path.normpath(self.folder / part.path))

    @cached_property
    def model(self) -> "QueryModel":
        """The model of the queries.

        Raises:
            DatasetError: it is gone, or is not the one that the clips were embedded with.
        """
        from ..model.towers import TextVideoModel
        from .query_model import QueryModel, choose_device, model_hash

        place = self.place(self.about.model)
        if not place.is_dir():
            raise DatasetError(f"the model of the index {shown(self.folder)} is gone: {shown(place)}", hint=_AGAIN)
        found = model_hash(place)
        if found != self.about.model.hash:
            raise DatasetError(
                f"the index {shown(self.folder)} is of another model: {self.about.model.name}@{self.about.model.hash}, "
                f"and {shown(place)} is now {found}",
                hint=_AGAIN,
            )
        device = choose_device(self._device)
        return QueryModel(TextVideoModel.from_pretrained(place), max_length=self.about.max_length, device=device)

    @cached_property
    def graph(self) -> Graph | None:
        """What an approximate index proposes clips with; ``None`` where all searches are exact.

        Raises:
            DatasetError: it is not as it was written; a changed one would end the process. The vectors, of which it
                reads few, are not checked: tens of millions take a minute.
        """
        about = self.about.approximate
        if about is None:
            return None
        if damage := damaged_files(self.folder, without=(VECTORS,)):
            raise DatasetError(f"the search index {shown(self.folder)} is damaged: {damage[0]}", hint=_AGAIN)
        return Graph.open(self.folder, self._unchecked, about)

    def how(self, *, filtered: bool = False) -> str:
        """``exact``, or how good the search is."""
        return "exact" if self.about.approximate is None or filtered else str(self.about.approximate)

    def search(
        self,
        query: str,
        k: int = 10,
        *,
        video_id: str | None = None,
        recipe_type: str | None = None,
        split: str | None = None,
        backend: Backend = "auto",
    ) -> list[Hit]:
        """The k clips that fit a text best, best first, without gradients; :meth:`how` says how exactly.

        Args:
            video_id, recipe_type, split: only clips of these.
            backend: of the exact search, see :func:`.exact.top_k`; naming one makes a search exact.

        Raises:
            DatasetError: an empty query, or a filter that no clip passes.
        """
        chosen = {"video_id": video_id, "recipe_type": recipe_type, "split": split}
        return self.search_many([query], k, backend=backend, **chosen)[0]

    def search_many(
        self, queries: Sequence[str], k: int = 10, *, backend: Backend = "auto", **filters: str | None
    ) -> list[list[Hit]]:
        """As :meth:`search` for many queries, with one pass over the vectors."""
        if k < 1:
            raise DatasetError(f"cannot find {k} clips", hint="such as -k 10")
        several = len(queries) > 1
        texts = [
            checked_query(query, f"query {number}: " if several else "") for number, query in enumerate(queries, 1)
        ]
        if not texts:
            return []
        rows = self.rows_of(**filters)
        query_QE = self.model.embed(texts)
        if self.graph is not None and rows is None and backend == "auto":
            found_Qk, scores_Qk = self.graph.top_k(query_QE, k)
        else:
            found_Qk, scores_Qk = top_k(self.vectors, query_QE, k, rows=rows, backend=backend)
        return [self.hits(found, scores) for found, scores in zip(found_Qk, scores_Qk, strict=True)]

    def rows_of(self, **filters: str | None) -> Rows | None:
        """Rows of the clips that pass all filters (columns of ``FILTERS``); ``None`` for all clips.

        Raises:
            DatasetError: no clip passes; the message names the filter and what is near.
        """
        mask: pa.ChunkedArray | None = None
        for name, value in filters.items():
            if name not in FILTERS:
                raise TypeError(f"there is no filter {name!r}")
            if value is None:
                continue
            here = pc.equal(self.clips[name], value) if is_utf8(value) else None
            if here is None or not pc.any(here).as_py():
                known = pc.unique(self.clips[name]).to_pylist()[:5000]
                raise DatasetError(f"no clip has {name} {value!r}", hint=_some(nearest(value, known)))
            mask = here if mask is None else pc.and_(mask, here)
        if mask is None:
            return None
        rows: Rows = np.flatnonzero(mask.to_numpy()).astype(np.int64)
        if not len(rows):
            said = ", ".join(f"{name} {value}" for name, value in filters.items() if value is not None)
            raise DatasetError(f"no clip has all of {said}")
        return rows

    def hits(self, rows: Sequence[int] | Rows, scores: Iterable[float]) -> list[Hit]:
        """The clips of these rows, with their scores."""
        found = self.clips.take(pa.array(rows, pa.int64())).to_pylist()
        return [
            Hit(score=float(score), **{**row, "captions": dict(row["captions"])})
            for row, score in zip(found, scores, strict=True)
        ]


def checked_query(query: str, where: str = "") -> str:
    """A query without the spaces around it.

    Raises:
        DatasetError: nothing is left, far more than a sentence, or no UTF-8: a terminal or script of another encoding
            passes its bytes on as lone surrogates.
    """
    text = " ".join(query.split())
    if not is_utf8(text):
        raise DatasetError(f"{where}the query {text!r} is not UTF-8", hint="set your terminal or script to UTF-8")
    if not text:
        raise DatasetError(f"{where}the query is empty", hint="say what happens in the clip, in any language")
    if len(text) > QUERY_CHARACTERS:
        raise DatasetError(f"{where}the query has {len(text):,} characters, {QUERY_CHARACTERS:,} at most")
    return text


def _some(hint: str) -> str:
    return hint if len(hint) <= 200 else f"{hint[:200]} ..."
