"""What an extraction has finished: a file a video beside the store to be, so that a killed run goes on from there."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ...errors import FeatureError
from ...files import atomic_write, claim_folder, json_bytes, read_json
from ..store import FeatureStore
from .clip_rows import ClipRow, read_clip_rows

Vectors = npt.NDArray[np.float32]  # [T, D]
SETTINGS_FILE = "settings.json"


class Parts:
    """The folder ``OUT.parts``: ``settings.json``, and for each video its clips' rows and vectors.

    Args:
        settings: all that decides what the vectors are; another run's parts are refused.

    Raises:
        FeatureError: the folder belongs to a run with other settings; the first difference is named.
    """

    def __init__(self, out: Path, settings: Mapping[str, object]) -> None:
        self.folder = out.with_name(f"{out.name}.parts")
        file = self.folder / SETTINGS_FILE
        claim_folder(self.folder, SETTINGS_FILE, "features extract")
        wanted = json.loads(json_bytes(dict(settings)))
        if file.is_file():
            hint = f"remove {self.folder} to start afresh"
            found = read_json(file, dict[str, object], error=FeatureError, hint=hint)
            changed = [key for key in wanted if found.get(key) != wanted[key]]
            if changed:
                raise FeatureError(
                    f"{self.folder} was begun with {changed[0]} {found.get(changed[0])!r}, not {wanted[changed[0]]!r}",
                    hint=f"go on with the same settings, or remove {self.folder}",
                )
        atomic_write(file, json_bytes(wanted))

    def _file(self, video_id: str) -> Path:
        # ids come from data: as names of files they could point anywhere
        return self.folder / f"{hashlib.sha256(video_id.encode()).hexdigest()[:32]}.safetensors"

    def has(self, video_id: str) -> bool:
        """Whether a video is done; a file that is damaged does not count."""
        try:
            self.read(video_id)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, SafetensorError):
            return False
        return True

    def write(self, video_id: str, rows: Sequence[ClipRow], vectors: Mapping[str, Vectors]) -> None:
        """Keep what a video gave, whole or not at all."""
        about = json.dumps([[row.clip_id, row.status, row.vectors, row.detail] for row in rows])
        arrays = {f"clip{number}": vectors[row.clip_id] for number, row in enumerate(rows) if row.clip_id in vectors}
        atomic_write(self._file(video_id), save({"about": np.frombuffer(about.encode(), np.uint8), **arrays}))

    def read(self, video_id: str) -> tuple[list[ClipRow], dict[str, Vectors]]:
        """Rows, and vectors [T, D] by clip id."""
        arrays = load(self._file(video_id).read_bytes())
        about = json.loads(arrays["about"].tobytes())
        rows = [ClipRow(clip_id, video_id, status, count, detail) for clip_id, status, count, detail in about]
        return rows, {row.clip_id: arrays[f"clip{number}"] for number, row in enumerate(rows) if row.vectors}

    def forget(self, video_id: str) -> None:
        """The video is to be done anew."""
        self._file(video_id).unlink(missing_ok=True)

    def remove(self) -> None:
        """The store is whole: the parts are no longer needed."""
        for path in [*self.folder.glob("*.safetensors"), self.folder / SETTINGS_FILE]:
            if path.name == SETTINGS_FILE or re.fullmatch(r"[0-9a-f]{32}", path.stem):
                path.unlink(missing_ok=True)
        with suppress(OSError):  # a file of somebody else's is in it
            self.folder.rmdir()


def take_over(parts: Parts, out: Path, notes: Mapping[str, object]) -> None:
    """Keep what a finished store gave, if it has these notes, as the parts of a run that begins."""
    try:
        store = FeatureStore.open(out)
    except FeatureError:
        return
    if any(store.meta.get(key) != value for key, value in notes.items()):
        return
    videos: dict[str, list[ClipRow]] = {}
    for row in read_clip_rows(out):
        videos.setdefault(row.video_id, []).append(row)
    for video_id, rows in videos.items():
        if not parts.has(video_id) and all(row.clip_id in store for row in rows if row.vectors):
            parts.write(video_id, rows, {row.clip_id: store[row.clip_id] for row in rows if row.vectors})
