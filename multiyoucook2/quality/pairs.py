"""Sound pairs that ship: captions written for this project and their translations by hand, line by line."""

from functools import cache
from importlib import resources
from pathlib import Path


@cache
def bundled_pairs(lang: str) -> list[tuple[str, str]]:
    """(English, translation) of the hand-written captions; none for a language without."""
    package = Path(str(resources.files("multiyoucook2")))
    installed = package / "pipelines" / "mini_nmt" / "handwritten"
    folder = installed if installed.is_dir() else package.parent / "pipelines" / "mini_nmt" / "handwritten"
    if not (folder / f"{lang}.txt").is_file():
        return []
    english, translated = ((folder / f"{code}.txt").read_text(encoding="utf-8").splitlines() for code in ("en", lang))
    return [pair for pair in zip(english, translated, strict=True) if all(pair)]
