"""``mycook vocabulary-map``: measure a shortlist on captions."""

import dataclasses
from pathlib import Path

from ..engines.decoding import Decoding
from ..files import cache_root


def measure(
    engine: str, lang: str, *, annotations: Path | None, size: int, limit: int | None, device: str, offline: bool
) -> dict[str, object]:
    """The share of outputs that a vocabulary map leaves as they are, on captions of a file or of the bundled corpus.

    Raises:
        MyCookError: the captions cannot be read, or the model cannot be used.
    """
    from ..engines.resolve import resolve
    from ..sources.youcook2 import mini_annotations, read_clips
    from ..translation.shortlist import measure_vocabulary_map

    captions = read_clips(annotations or mini_annotations()).column("caption").to_pylist()[:limit]
    resolved = resolve(engine, lang, cache_dir=cache_root(), offline=offline)
    report = measure_vocabulary_map(resolved, captions, decoding=Decoding(), device=device, size=size)
    return {
        name: str(value) if isinstance(value, Path) else value for name, value in dataclasses.asdict(report).items()
    }
