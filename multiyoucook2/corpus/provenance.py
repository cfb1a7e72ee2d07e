"""How each caption of a language came about: by whom, how well, and whether the checks let it pass."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import DatasetError
from .captions import caption_indices
from .folders import open_source

HUMAN = "human"
_REPAIRED = "repaired:"  # begins the flag of a translation that took another's place
_COLUMNS = ("clip_id", "caption", "caption_index", "accepted", "flags", "origin", "quality")
CaptionKey = tuple[str, int]  # clip_id, caption index


@dataclass(frozen=True)
class Provenance:
    """Of one caption that has a text.

    Attributes:
        quality: probability that a reader finds the meaning kept, 0 to 1; ``None`` where it was not estimated or a
            person wrote or reviewed the row.
        accepted: no check refused it; ``repaired``: it took the place of a worse translation.
        human: a person wrote it; ``None`` where the data set does not say.
    """

    quality: float | None
    accepted: bool
    repaired: bool
    human: bool | None


def read_provenance(dataset: str | Path, *, lang: str, split: str) -> dict[CaptionKey, Provenance]:
    """Of every caption of a language and split, in the order of the rows.

    Raises:
        DatasetError: unreadable, a language or split that is not there, or a quality outside 0 to 1 (the row is named).
    """
    source = open_source(dataset)
    table = source.read(lang, split, _COLUMNS)
    rows = len(table["clip_id"])
    found: dict[CaptionKey, Provenance] = {}
    columns = (table.get(name) or [None] * rows for name in ("quality", "flags", "origin"))
    for clip, index, text, accepted, quality, flags, origin in zip(
        table["clip_id"], caption_indices(table), table["caption"], table["accepted"], *columns, strict=True
    ):
        if not text or not text.strip():
            continue
        if quality is not None and not 0 <= quality <= 1:
            raise DatasetError(f"config {lang!r} of the data set {dataset}: clip {clip!r} has a quality of {quality}")
        repaired = any(flag.startswith(_REPAIRED) for flag in flags or ())
        found[clip, index] = Provenance(quality, bool(accepted), repaired, None if origin is None else origin == HUMAN)
    return found
