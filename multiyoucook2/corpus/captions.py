"""Read a data set in the published format, whoever made it and whatever its languages.

The format: a folder with a README whose head lists configs and their Parquet files; one config a language, with a row a
caption and the columns ``clip_id``, ``caption`` and, optionally, ``caption_index``, ``accepted``, ``flags``; a config
``all``, if there, gives the clips' order. Local folders are read here; ids on the Hub are read by ``datasets``.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..errors import DatasetError, nearest
from .folders import Columns, Source, open_source
from .tables import QUERY_FLAG

ALL, _NO_CONFIG = "all", "default"  # the latter is the Hub's name for a data set without configs
MOST_CAPTIONS = 1000  # of a clip: an index beyond it is a damaged file's
Texts = tuple[str | None, ...]


@dataclass(frozen=True)
class Captions:
    """Captions of one split.

    Attributes:
        name: of the data set; ``content_hash``: of the whole data set, whatever was read of it.
        clip_ids: every clip of the split, in its order.
        texts: language -> per clip its captions by caption index, ``None`` where that caption is missing (or was
            rejected and only accepted ones were asked for), so that one index is one caption in every language. A clip
            that a language lacks has an empty tuple.
        source: the language that the others were translated from; teachers read it.
        listed: clip_id -> the caption index that the data set's own protocol asks in evaluation, where it names one.
    """

    name: str
    content_hash: str
    split: str
    clip_ids: list[str]
    texts: dict[str, list[Texts]]
    source: str = "en"
    listed: Mapping[str, int] = field(default_factory=dict)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages read, in the order asked for."""
        return tuple(self.texts)

    @property
    def label(self) -> str:
        """For signatures: ``name@`` and 8 hex digits of the hash."""
        return f"{self.name}@{self.content_hash[:8]}"

    @cached_property
    def most(self) -> int:
        """The most captions that a clip has, in any language; 1 at least."""
        return max((len(found) for of in self.texts.values() for found in of), default=1) or 1

    def english(self) -> dict[str, str]:
        """clip_id -> first caption in the source language, of the clips with one; features are simulated from it."""
        if self.source not in self.texts:
            raise DatasetError(f"the data set {self.name} has no captions in {self.source!r}")
        firsts = {
            clip: next((text for text in found if text), None)
            for clip, found in zip(self.clip_ids, self.texts[self.source], strict=True)
        }
        return {clip: text for clip, text in firsts.items() if text}


def dataset_languages(dataset: str | Path) -> tuple[str, ...]:
    """The languages of a data set: its configs but ``all``, in their order.

    Raises:
        DatasetError: no data set there, or not one in the published format.
    """
    return _languages(open_source(dataset))


def dataset_splits(dataset: str | Path) -> tuple[str, ...]:
    """The splits of a data set, in their order.

    Raises:
        DatasetError: no data set there, or not one in the published format.
    """
    source = open_source(dataset)
    return tuple(dict.fromkeys(split for lang in _languages(source) for split in source.splits(lang)))


def scored_split(dataset: str | Path) -> str:
    """The split that models are scored on unless another is asked for: ``validation``, else ``test``.

    Raises:
        DatasetError: it has neither.
    """
    there = dataset_splits(dataset)
    for split in ("validation", "test"):
        if split in there:
            return split
    raise DatasetError(f"the data set {dataset} has no split to score on, only {', '.join(there)}", hint="give --split")


def load_captions(
    dataset: str | Path,
    *,
    split: str,
    langs: Sequence[str] | None = None,
    accepted_only: bool = True,
    with_source: bool = False,
) -> Captions:
    """Captions of a split from a local folder or a hub id.

    Args:
        dataset: folder with Parquet files and README, or ``owner/name``.
        split: such as ``"train"`` or ``"validation"``.
        langs: which languages; all by default.
        accepted_only: leave texts out that the validation rejected (for training); with ``False`` they are kept (for
            evaluation, where the queries must be the same for everyone).
        with_source: read the source language too, where the data set has it, asked for or not.

    Raises:
        DatasetError: unreadable, without the split, or without a language; the message names those that exist.
    """
    source = open_source(dataset)
    known = _languages(source)
    wanted = list(dict.fromkeys(langs if langs is not None else known))
    for lang in wanted:
        if lang not in known:
            raise DatasetError(
                f"the data set {dataset} has no language {lang!r}",
                hint=f"{nearest(lang, known)}. Build the data set with it, or go without it: both by --langs",
            )
    about = source.about()
    spoken = str(about.get("source_lang", "en"))
    if with_source and spoken in known and spoken not in wanted:
        wanted.append(spoken)
    if not wanted:
        raise DatasetError(f"the data set {dataset} has no captions in {spoken!r}", hint=f"it has {', '.join(known)}")
    tables = {lang: source.read(lang, split) for lang in wanted}
    clip_ids = _clip_ids(source, split, tables)
    texts = {
        lang: _by_clip(table, clip_ids, accepted_only, f"config {lang!r} of the data set {dataset}")
        for lang, table in tables.items()
    }
    # asked for or not: which caption a protocol asks does not depend on the languages that are read
    if spoken in known and split in source.splits(spoken):
        listed = _listed(tables.get(spoken) or source.read(spoken, split, ("clip_id", "caption_index", "flags")))
    else:
        listed = {}
    name = str(about.get("name") or Path(dataset).name)
    content_hash = about.get("content_hash")
    if not isinstance(content_hash, str) or len(content_hash) < 8:
        content_hash = _content_hash(source)
    return Captions(name, content_hash, split, clip_ids, texts, spoken, listed)


def _languages(source: Source) -> tuple[str, ...]:
    found = tuple(config for config in source.configs if config not in (ALL, _NO_CONFIG))
    if not found:
        raise DatasetError(
            f"the data set {source.name} has no language configs", hint="its README's head names a config a language"
        )
    return found


def _clip_ids(source: Source, split: str, tables: Mapping[str, Columns]) -> list[str]:
    """The order of config ``all``; without one, the order in which the languages name the clips."""
    if ALL in source.configs:
        ids = source.read(ALL, split, ("clip_id",))["clip_id"]
        if len(set(ids)) != len(ids):
            raise DatasetError(
                f"split {split!r} of the data set {source.name} names a clip twice in its config {ALL!r}"
            )
    else:
        ids = list(dict.fromkeys(clip for table in tables.values() for clip in table["clip_id"]))
    if not ids:
        raise DatasetError(f"split {split!r} of the data set {source.name} is empty")
    return ids


def _by_clip(table: Columns, clip_ids: Sequence[str], accepted_only: bool, where: str) -> list[Texts]:
    found: dict[str, dict[int, str | None]] = {}
    for row, (clip, index) in enumerate(zip(table["clip_id"], caption_indices(table), strict=True)):
        of_clip = found.setdefault(clip, {})
        if index in of_clip:
            raise DatasetError(f"{where} has caption {index} of clip {clip!r} twice")
        if not 0 <= index < MOST_CAPTIONS:
            raise DatasetError(f"{where} has a caption of index {index} of clip {clip!r}")
        text = table["caption"][row]
        kept = text and text.strip() and (table["accepted"][row] or not accepted_only)
        of_clip[index] = text if kept else None
    rows = (found.get(clip, {}) for clip in clip_ids)
    tuples = (tuple(of.get(index) for index in range(max(of, default=-1) + 1)) for of in rows)
    return [texts if any(texts) else () for texts in tuples]


def caption_indices(table: Columns) -> list[int]:
    """The column ``caption_index``; without it, captions of a clip are numbered in the order of the rows."""
    if "caption_index" in table:
        return table["caption_index"]
    counts: dict[str, int] = {}
    indices = []
    for clip in table["clip_id"]:
        indices.append(counts.get(clip, 0))
        counts[clip] = indices[-1] + 1
    return indices


def _listed(table: Columns) -> dict[str, int]:
    flags = table.get("flags") or [None] * len(table["clip_id"])
    rows = zip(table["clip_id"], caption_indices(table), flags, strict=True)
    return {clip: index for clip, index, found in rows if found and QUERY_FLAG in found}


def _content_hash(source: Source) -> str:
    """Of a data set that states none: over the captions of all its languages and splits."""
    digest = hashlib.sha256()
    for config in sorted(config for config in source.configs if config != ALL):
        for split in sorted(source.splits(config)):
            table = source.read(config, split)
            rows = [table["clip_id"], caption_indices(table), table["caption"], table["accepted"]]
            digest.update(json.dumps([config, split, rows], ensure_ascii=False).encode())
    return digest.hexdigest()
