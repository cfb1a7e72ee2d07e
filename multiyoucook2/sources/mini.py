"""The bundled corpus: 300 captions of 60 made-up videos, in the official format, for use without a network."""

from importlib import resources
from pathlib import Path


def mini_annotations() -> Path:
    """The bundled annotation file; :func:`multiyoucook2.sources.youcook2.read_clips` reads it."""
    return Path(str(resources.files("multiyoucook2"))) / "mini" / "annotations.json"
