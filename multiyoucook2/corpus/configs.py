"""Clips, captions, translations and verdicts -> the rows of the published configs, column by column.

A million captions pass through here: all is done on Arrow's columns, without a Python object a row.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..allocators import release_freed
from .hub_metadata import ALL
from .keys import caption_names, names_of, rows_of
from .licenses import may_train
from .tables import ALL_CONFIG_COLUMNS, FLAGS, LANGUAGE_CONFIG, REJECT


def dataset_tables(
    clips: pa.Table,
    captions: pa.Table,
    translations: Mapping[str, pa.Table],
    verdicts: Mapping[str, pa.Table],
    qualities: Mapping[str, pa.Table] | None = None,
    *,
    source_lang: str = "en",
    reviewed: Mapping[str, Collection[tuple[str, int]]] | None = None,
) -> "Configs":
    """The rows of each config, all splits together: a row a clip in ``all``, a row a caption in a language's config.

    Args:
        clips: schema ``corpus.tables.CLIP``, in the order of publication.
        captions: ``CAPTION``; those of the source language are published as they are.
        translations: language -> ``TRANSLATION``, by clip and index in the clips' order; the source language's not.
        verdicts: language -> ``VERDICT``.
        qualities: language -> ``QUALITY``, of the rows that were estimated and that nobody reviewed.
        reviewed: language -> (clip, caption index) of the translations that a person accepted, edited or rejected.

    Returns:
        Config -> table: ``all``, the source language, and each other one. A text that is empty becomes null. The column
        ``caption_index`` is there only where some clip has several captions. A table is made when it is asked for, from
        its language's rows, and not kept: mappings that load a language at a time keep one in memory.
    """
    source = _source_rows(rows_of(captions, "lang", source_lang))
    return Configs(clips, source, source_lang, translations, verdicts, qualities or {}, reviewed or {})


@dataclass(frozen=True, eq=False)
class Configs(Mapping[str, pa.Table]):
    """See :func:`dataset_tables`; ``source`` has the rows of the source language."""

    clips: pa.Table
    source: pa.Table
    source_lang: str
    translations: Mapping[str, pa.Table]
    verdicts: Mapping[str, pa.Table]
    qualities: Mapping[str, pa.Table]
    reviewed: Mapping[str, Collection[tuple[str, int]]]

    def __len__(self) -> int:
        return 2 + len(self.translations)

    def __iter__(self) -> Iterator[str]:
        yield from (ALL, self.source_lang, *self.translations)

    def __getitem__(self, config: str) -> pa.Table:
        release_freed()  # what making the last one took
        if config == ALL:
            langs = (self.source_lang, *self.translations)
            return _all_config(self.clips, ((lang, self._rows(lang)) for lang in langs), several=self.several)
        table, english = self._rows(config), self._english
        place = pc.index_in(caption_names(table), value_set=caption_names(english))
        table = _with(table, "caption_en", english["caption"].combine_chunks().take(place))
        return table if self.several else table.drop_columns(["caption_index"])

    @cached_property
    def several(self) -> bool:
        """Whether some clip has several captions, in any language."""
        tables = chain([self.source], self.translations.values())
        return any(pc.any(pc.greater(table["caption_index"], 0)).as_py() for table in tables)

    @cached_property
    def _english(self) -> pa.Table:
        if self.source_lang == "en" or "en" in self.translations:
            return self._rows("en").select(["clip_id", "caption_index", "caption"])
        return LANGUAGE_CONFIG.empty_table()

    def _rows(self, lang: str) -> pa.Table:
        """Schema ``LANGUAGE_CONFIG``, ``caption_en`` not yet."""
        if lang == self.source_lang:
            return self.source
        quality, reviewed = self.qualities.get(lang), self.reviewed.get(lang, ())
        return _translated_rows(self.translations[lang], self.verdicts[lang], quality, reviewed)


def _source_rows(captions: pa.Table) -> pa.Table:
    """Schema ``LANGUAGE_CONFIG``, ``caption_en`` not yet."""
    made = {
        "caption": captions["text"],
        "flags": _filled(captions["flags"]),
        "checks": _lists(captions.num_rows, []),
        "accepted": pa.repeat(True, captions.num_rows),
        "reviewed": pa.repeat(False, captions.num_rows),
    }
    return _rows(captions, made)


def _translated_rows(
    translations: pa.Table, verdicts: pa.Table, qualities: pa.Table | None, reviewed: Collection[tuple[str, int]]
) -> pa.Table:
    """Schema ``LANGUAGE_CONFIG``, ``caption_en`` not yet."""
    keys = caption_names(translations)
    flags, refused = _refused(keys, _filled(translations["flags"]), verdicts)
    made = {
        "caption": _or_null(translations["text"]),
        "engine": _or_null(translations["model"]),
        "license": _or_null(translations["license"]),
        "may_train": _may_train(translations["license"]),
        "flags": flags,
        "checks": _found(keys, verdicts),
        "accepted": pa.array(~refused),
        "reviewed": pc.is_in(keys, value_set=names_of(reviewed)),
    }
    if qualities is not None:
        place = pc.index_in(keys, value_set=caption_names(qualities))
        made["quality"] = qualities["quality"].combine_chunks().take(place)
    return _rows(translations, made)


def _refused(keys: pa.Array, flags: pa.Array, verdicts: pa.Table) -> tuple[pa.Array, np.ndarray]:
    """Flags with ``rejected:CHECK`` added to those that a check refused, and which rows those are."""
    rows, checks = _checks(keys, rows_of(verdicts, "severity", REJECT))
    refused = np.zeros(len(keys), bool)
    refused[rows] = True
    said = pc.binary_join_element_wise("rejected", checks, ":")
    return _lists(len(keys), [(_parents(flags), flags.flatten()), (rows, said)]), refused


def _found(keys: pa.Array, verdicts: pa.Table) -> pa.Array:
    """The names of the checks that found something in each row, in the order of the verdicts."""
    return _lists(len(keys), [_checks(keys, verdicts)])


def _checks(keys: pa.Array, verdicts: pa.Table) -> tuple[np.ndarray, pa.Array]:
    """Of each verdict on one of the rows its number, and the check."""
    rows = pc.index_in(caption_names(verdicts), value_set=keys)
    known = rows.is_valid()
    return rows.filter(known).to_numpy(), verdicts["check"].combine_chunks().filter(known)


def _parents(lists: pa.Array) -> np.ndarray:
    """Of each value of lists the number of its list."""
    found: np.ndarray = pc.list_parent_indices(lists).to_numpy()
    return found


def _lists(rows: int, parts: Sequence[tuple[np.ndarray, pa.Array]]) -> pa.Array:
    """A list a row, of values that each have their row's number: those of the first part, then of the next."""
    place = np.concatenate([np.zeros(0, np.int64), *(numbers for numbers, _ in parts)])
    values = pa.concat_arrays([pa.array([], pa.string()), *(values for _, values in parts)]).take(
        pa.array(np.argsort(place, kind="stable"))
    )
    offsets = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=rows))])
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)


def _rows(table: pa.Table, made: Mapping[str, pa.Array]) -> pa.Table:
    """A table of ``LANGUAGE_CONFIG``: what was made, else what ``table`` has under the name, else null."""
    columns = [
        made[field.name]
        if field.name in made
        else table[field.name]
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in LANGUAGE_CONFIG
    ]
    return pa.table(columns, schema=LANGUAGE_CONFIG)


def _all_config(clips: pa.Table, rows: Iterable[tuple[str, pa.Table]], *, several: bool) -> pa.Table:
    """A row a clip. ``captions`` has a text a language, or a list of them by caption index where there are several."""
    clip_ids = clips["clip_id"].combine_chunks()
    texts: dict[str, pa.Array] = {}
    said: list[tuple[np.ndarray, pa.Array]] = []
    for lang, table in rows:
        clip = pc.index_in(table["clip_id"].combine_chunks(), value_set=clip_ids).to_numpy(zero_copy_only=False)
        texts[lang] = _by_clip(table, clip, clips.num_rows, several=several)
        flags = table["flags"].combine_chunks()
        values = flags.flatten()
        said.append((clip[_parents(flags)], values if lang == "en" else pc.binary_join_element_wise(lang, values, ":")))
    langs = sorted(texts)  # the order of datasets.Translation
    made = {
        "captions": pa.StructArray.from_arrays([texts[lang] for lang in langs], langs),
        "flags": _lists(clips.num_rows, said),
    }
    return pa.table({name: made[name] if name in made else clips.column(name) for name in ALL_CONFIG_COLUMNS})


def _by_clip(table: pa.Table, clip: np.ndarray, clips: int, *, several: bool) -> pa.Array:
    """The texts of a language, a value a clip: null where it has none; a caption that is missing keeps its place."""
    captions = table["caption"].combine_chunks()
    if not several:
        place = np.full(clips, -1)
        place[clip] = np.arange(len(clip))
        return captions.take(pa.array(place, mask=place < 0))
    index = table["caption_index"].to_numpy()
    lengths = np.zeros(clips, np.int64)
    np.maximum.at(lengths, clip, index + 1)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    place = np.full(offsets[-1], -1)
    place[offsets[clip] + index] = np.arange(len(clip))
    values = captions.take(pa.array(place, mask=place < 0))
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(lengths == 0))


def _filled(flags: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Lists of flags, empty where they were null."""
    array = flags.combine_chunks() if isinstance(flags, pa.ChunkedArray) else flags
    return pc.fill_null(array, pa.scalar([], FLAGS)) if array.null_count else array


def _or_null(texts: pa.ChunkedArray) -> pa.Array:
    return pc.replace_with_mask(
        texts.combine_chunks(), pc.fill_null(pc.equal(texts, ""), False).combine_chunks(), pa.scalar(None, pa.string())
    )


def _may_train(licenses: pa.ChunkedArray) -> pa.Array:
    """What each row's licence says, ``null`` for rows without one and where nobody can tell."""
    coded = pc.dictionary_encode(licenses.combine_chunks())
    known = [may_train(name) if name else None for name in coded.dictionary.to_pylist()]
    return pa.array(known, pa.bool_()).take(coded.indices)


def _with(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), LANGUAGE_CONFIG.field(name), column)
