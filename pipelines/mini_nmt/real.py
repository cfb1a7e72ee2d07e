"""Real captions translated for this project: of training clips to learn from, of others, twice, to measure with.

The files hold clip ids and translations only; the English is looked up in the official annotations.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

HERE = Path(__file__).parent
REAL, DEVELOPMENT = HERE / "real", HERE / "development"
READERS = ("a", "b")  # the development clips were translated twice


def read_translations(path: Path) -> dict[str, str]:
    """Clip id -> translation of a tab-separated file with the columns ``clip_id`` and ``text``."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["clip_id"]: row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def training_captions(clips: pa.Table, clip_ids: Iterable[str]) -> list[str]:
    """The English captions of some clips, in their order.

    Raises:
        ValueError: a clip is unknown, or not of the training split.
    """
    known = {clip["clip_id"]: clip for clip in clips.to_pylist()}
    captions = []
    for clip_id in clip_ids:
        if clip_id not in known or known[clip_id]["split"] != "train":
            raise ValueError(f"{clip_id}: no training clip of these annotations")
        captions.append(str(known[clip_id]["caption"]))
    return captions


def development_clips() -> list[str]:
    """The ids of the development clips, sorted; the languages have the same."""
    return sorted(read_translations(DEVELOPMENT / READERS[0] / "de.tsv"))


def development_references(lang: str, clip_ids: list[str]) -> list[list[str]]:
    """Both translations of the development clips: a list a translator, in the order of ``clip_ids``."""
    return [
        [texts[clip_id] for clip_id in clip_ids]
        for texts in (read_translations(DEVELOPMENT / reader / f"{lang}.tsv") for reader in READERS)
    ]
