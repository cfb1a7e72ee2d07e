"""Vocabulary maps on this disk: the one that a model ships and vouches for, and those that were measured here.

How a map is made and measured is in ``translation/shortlist.py``.
"""

import json
import os
import shutil
from pathlib import Path

from ..files import file_sha256
from .folder import DESCRIPTION, read_json

MAP_FILE = "vmap.txt"


def shipped_map(folder: Path) -> Path | None:
    """The map that a model ships and declares to be measured (``mycook.json``), if any."""
    about = read_json(folder / DESCRIPTION) or {}
    path = folder / MAP_FILE
    return path if about.get("vocabulary_map") and path.is_file() else None


def measured_map(cache_dir: Path, name: str, revision: str, lang: str) -> Path | None:
    """The map that was built for a model and language and passed the measurement, if there is one undamaged."""
    folder = map_folder(cache_dir, name, revision, lang)
    report, path = read_json(folder / "map.json"), folder / MAP_FILE
    sound = report is not None and path.is_file() and report.get("sha256") == file_sha256(path)
    return path if sound and report and report.get("accepted") else None


def map_folder(cache_dir: Path, name: str, revision: str, lang: str) -> Path:
    """Where the map of a model and language is kept."""
    return cache_dir / "maps" / f"{name.replace('/', '--')}@{revision[:16]}-{lang}"


def keep_map(report: dict[str, object], map_file: Path, folder: Path) -> None:
    """Keep a map with the report of its measurement."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "map.json").unlink(missing_ok=True)  # never a report beside another map
    shutil.copyfile(map_file, folder / MAP_FILE)
    values = report | {"sha256": file_sha256(folder / MAP_FILE)}
    temporary = folder / ".map.json"
    temporary.write_text(json.dumps(values, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(temporary, folder / "map.json")
