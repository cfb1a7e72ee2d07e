"""A published data set in the formats of other programs: tables (TSV, CSV), JSON lines, COCO's caption JSON.

- ``tsv``, ``csv``: a row a caption and language: split, clip_id, caption_index, lang, caption. TSV is plain: quotes are
  letters, and a caption with a tab or a line break, of which there should be none, is refused
- ``jsonl``: a line a clip: clip_id, video_id, start_s, end_s, split, and captions, language -> list by caption index
- ``coco``: ``images`` (id, file_name, video_id, start, end, split) and ``annotations`` (id, image_id, caption, lang,
  caption_index), as COCO's caption files have them, for all languages together
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import DatasetError, RecipeError, nearest
from ..files import atomic_write, require_new
from ..files.tsv import why_not
from .captions import dataset_languages, dataset_splits, load_captions
from .clips import Clip, load_clips

FORMATS = ("tsv", "csv", "jsonl", "coco")
MTEB = "mteb"  # written by ``corpus.mteb``


class Row(NamedTuple):
    """A caption in one language: the columns of a table."""

    split: str
    clip_id: str
    caption_index: int
    lang: str
    caption: str


def default_name(to: str) -> str:
    """What an export is called where nobody says."""
    return MTEB if to == MTEB else f"captions.{'json' if to == 'coco' else to}"


def export(
    dataset: str, path: Path, *, to: str, langs: Sequence[str] | None = None, accepted_only: bool = True
) -> dict[str, int]:
    """Write a data set's captions in another format; returns how many clips and captions were written.

    Args:
        dataset: a folder, or ``owner/name`` on the Hub.
        path: the new file.
        to: one of ``FORMATS``.
        langs: all by default.
        accepted_only: leave refused captions out; their indices stay free.

    Raises:
        RecipeError: an unknown format. DatasetError: the data set cannot be read, or lacks a language; or a text that
            the format cannot hold.
        WorkspaceError: ``path`` is there already.
    """
    require_new(path)
    if to not in FORMATS:
        raise RecipeError(f"unknown format {to!r}", hint=nearest(to, (*FORMATS, MTEB)))
    wanted = tuple(langs or dataset_languages(dataset))
    clips = {clip.clip_id: clip for clip in load_clips(dataset)}
    rows = list(_rows(dataset, wanted, accepted_only))
    writers = {"tsv": _tsv, "csv": _csv, "jsonl": _jsonl, "coco": _coco}
    atomic_write(path, writers[to](rows, clips).encode())
    return {"clips": len({row.clip_id for row in rows}), "captions": len(rows)}


def _rows(dataset: str, langs: Sequence[str], accepted_only: bool) -> Iterator[Row]:
    """A row a caption and language, clip by clip."""
    for split in dataset_splits(dataset):
        found = load_captions(dataset, split=split, langs=langs, accepted_only=accepted_only)
        for number, clip_id in enumerate(found.clip_ids):
            for lang in langs:
                for index, text in enumerate(found.texts[lang][number]):
                    if text:
                        yield Row(split, clip_id, index, lang, text)


def _tsv(rows: Sequence[Row], clips: Mapping[str, Clip]) -> str:
    lines = ["\t".join(Row._fields)]
    for row in rows:
        cells = list(map(str, row))
        if wrong := next(filter(None, map(why_not, cells)), None):
            raise DatasetError(
                f"{row.clip_id}, caption {row.caption_index}, {row.lang}: {wrong}, which TSV cannot hold",
                hint="--to csv or --to jsonl can",
            )
        lines.append("\t".join(cells))
    return "".join(f"{line}\n" for line in lines)


def _csv(rows: Sequence[Row], clips: Mapping[str, Clip]) -> str:
    sink = io.StringIO()
    returns = any("\r" in row.caption for row in rows)  # which Python leaves without quotes, and ends a line at
    writer = csv.writer(sink, lineterminator="\n", quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL)
    writer.writerows([Row._fields, *rows])
    return sink.getvalue()


def _jsonl(rows: Sequence[Row], clips: Mapping[str, Clip]) -> str:
    found: dict[str, dict[str, list[str | None]]] = {}
    for row in rows:
        texts = found.setdefault(row.clip_id, {}).setdefault(row.lang, [])
        texts.extend([None] * (row.caption_index - len(texts)))  # indices are the same captions in every language
        texts.append(row.caption)
    lines = []
    for clip_id, captions in found.items():
        clip = clips[clip_id]
        about = {"clip_id": clip_id, "video_id": clip.video_id, "start_s": clip.start_s, "end_s": clip.end_s}
        lines.append(json.dumps({**about, "split": clip.split, "captions": captions}, ensure_ascii=False))
    return "".join(f"{line}\n" for line in lines)


def _coco(rows: Sequence[Row], clips: Mapping[str, Clip]) -> str:
    number = {clip_id: place for place, clip_id in enumerate(dict.fromkeys(row.clip_id for row in rows))}
    images = [
        {
            "id": place, "file_name": f"{clip_id}.mp4", "video_id": clips[clip_id].video_id,
            "start": clips[clip_id].start_s, "end": clips[clip_id].end_s, "split": clips[clip_id].split,
        }
        for clip_id, place in number.items()
    ]  # fmt: skip
    annotations = [
        {"id": place, "image_id": number[row.clip_id], "caption": row.caption, "lang": row.lang}
        | {"caption_index": row.caption_index}
        for place, row in enumerate(rows)
    ]
    return json.dumps({"images": images, "annotations": annotations}, ensure_ascii=False) + "\n"
