"""Pairs to learn an alignment from: sound ones that people wrote, and those of a published data set."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path

import pyarrow.parquet as pq

from ..errors import DatasetError, nearest
from ..files import read_parquet
from .evidence import Pair

_TEXTS, _INDEX = ("clip_id", "caption_en", "caption"), "caption_index"
Key = tuple[str, int]


def sound_pairs(lang: str, captions: Mapping[str, str]) -> list[Pair]:
    """(English, translation) by hand: written for this project, real ones whose English is known, and nouns.

    Args:
        lang: of the translations; a language without any gives an empty list.
        captions: English by clip id, of the data set at hand; real translations are stored by clip id only.
    """
    real = [(captions[clip_id], text) for clip_id, text in _real_translations(lang).items() if clip_id in captions]
    return [*_written_pairs(lang), *real, *lexicon(lang)]


@cache
def lexicon(lang: str) -> list[Pair]:
    """The nouns that ship; a language without any gives none."""
    english, translated = (lexicon_texts(f"nouns.{code}") for code in ("en", lang))
    return [(english[name], text) for name, text in translated.items() if name in english]


def lexicon_texts(name: str) -> dict[str, str]:
    """The texts of a table of the lexicon, by id; empty where there is no such table."""
    file = source_folder("lexicon") / f"{name}.tsv"
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["id"]: text for row in rows if (text := row.get("text") or row.get("nom"))}


def real_clips(lang: str) -> frozenset[str]:
    """The clips of which :func:`sound_pairs` knows a translation, if it is given their English."""
    return frozenset(_real_translations(lang))


def published_pairs(folder: Path, lang: str) -> dict[Key, Pair]:
    """The pairs of a published data set (a build's folder, or its ``dataset``) by clip id and caption index.

    Rows without an English caption, or without a translation, are left out.

    Raises:
        DatasetError: there is no such language, the files are not a published data set's, or no row has both texts.
    """
    files = _files(folder, lang)
    if not files:
        root = folder / "dataset" if (folder / "dataset").is_dir() else folder
        found = sorted(path.name for path in root.glob("*") if path.is_dir()) if root.is_dir() else []
        raise DatasetError(f"{folder} has no published rows in {lang}", hint=nearest(lang, found))
    pairs: dict[Key, Pair] = {}
    for file in files:
        table = read_parquet(file, _TEXTS, error=DatasetError, hint="give a build's folder or its dataset/")
        several = _INDEX in pq.read_schema(file).names  # only where some clip has several captions
        indices = read_parquet(file, [_INDEX])[_INDEX].to_pylist() if several else [0] * table.num_rows
        columns = (table[name].to_pylist() for name in _TEXTS)
        for clip, english, text, index in zip(*columns, indices, strict=True):
            if english and text and isinstance(english, str) and isinstance(text, str):
                pairs[clip, index] = english, text
    if not pairs:
        raise DatasetError(
            f"no row of {folder} in {lang} has a caption in English and its translation",
            hint="give a data set that was translated from English",
        )
    return pairs


def published_engines(folder: Path, lang: str) -> list[str]:
    """The engine of each row of a published data set that a machine translated; none: it does not say."""
    found: list[str] = []
    for file in _files(folder, lang):
        if "engine" in pq.read_schema(file).names:
            found += [engine for engine in read_parquet(file, ["engine"])["engine"].to_pylist() if engine]
    return found


def _files(folder: Path, lang: str) -> list[Path]:
    root = folder / "dataset" if (folder / "dataset").is_dir() else folder
    return sorted((root / lang).glob("*.parquet"))


def source_folder(name: str) -> Path:
    """A folder of the bundled model's sources: in the installed package, or in the source tree beside it."""
    package = Path(str(resources.files("multiyoucook2")))
    installed = package / "pipelines" / "mini_nmt" / name
    return installed if installed.is_dir() else package.parent / "pipelines" / "mini_nmt" / name


@cache
def _written_pairs(lang: str) -> list[Pair]:
    files = [source_folder("handwritten") / f"{code}.txt" for code in ("en", lang)]
    if not all(file.is_file() for file in files):
        return []
    english, translated = (file.read_text(encoding="utf-8").splitlines() for file in files)
    return [pair for pair in zip(english, translated, strict=True) if all(pair)]


@cache
def _real_translations(lang: str) -> dict[str, str]:
    file = source_folder("real") / f"{lang}.tsv"
    if not file.is_file():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["clip_id"]: row["text"] for row in rows}
