"""Arrays of whole videos in the layouts that feature releases have, read without running any code in them."""

import zipfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ...errors import FeatureError, install_hint
from ...files import open_regular
from .torch_files import load_tensors

ENDINGS = frozenset((".npy", ".npz", ".h5", ".hdf5", ".pth", ".pt"))


class VideoArrays:
    """Arrays by video id: a file a video, or one file whose keys are video ids. A context manager.

    Args:
        files: video id -> its file; whole: the one file of all videos.
        key: which array of a file of one video that holds several.
    """

    def __init__(self, files: Mapping[str, Path], whole: Path | None, key: str | None) -> None:
        self._files, self._whole, self._key = files, whole, key
        self._open = ExitStack()
        self._all: Any = None

    def __enter__(self) -> "VideoArrays":
        if self._whole is not None:
            self._all = _opened(self._whole, self._open)
            if isinstance(self._all, np.ndarray):
                raise FeatureError(f"{self._whole} holds one array, not one a video", hint="give the folder of arrays")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def has(self, video_id: str) -> bool:
        """Whether there is an array of the video."""
        return video_id in self._files or (self._all is not None and video_id in self._all)

    def find(self, video_id: str) -> Any:
        """The video's array, ``None`` if there is none.

        Raises:
            FeatureError: unreadable, pickled objects inside, or several arrays and no key.
        """
        if not self.has(video_id):
            return None
        if self._all is not None:
            return _array(self._all, video_id, self._whole)
        path = self._files[video_id]
        with ExitStack() as stack:
            found = _opened(path, stack)
            if isinstance(found, np.ndarray):
                return found
            names = [self._key] if self._key else list(found)
            if len(names) != 1 or names[0] not in found:
                raise FeatureError(f"{path} holds {', '.join(map(repr, found))}", hint="choose one with --key")
            return _array(found, names[0], path)


def _opened(path: Path, stack: ExitStack) -> Any:
    """An array, or a mapping of names to arrays; what stays open is closed with the stack."""
    try:
        if path.suffix in (".npy", ".npz"):
            # opened here: numpy leaves the file open where the archive is damaged
            found = np.load(stack.enter_context(open_regular(path, FeatureError)), allow_pickle=False)
            return stack.enter_context(found) if path.suffix == ".npz" else found
        return _h5(path, stack) if path.suffix in (".h5", ".hdf5") else _torch(path)
    except (ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        raise FeatureError(f"{path}: {_reason(error)}") from None


def _h5(path: Path, stack: ExitStack) -> Any:
    try:
        import h5py
    except ImportError:
        raise FeatureError(f"reading {path} needs h5py", hint=install_hint("video")) from None
    return stack.enter_context(h5py.File(path, "r"))


def _torch(path: Path) -> Any:
    found = load_tensors(path, FeatureError)
    return found if isinstance(found, dict) else found.numpy()


def _array(arrays: Any, name: str, path: Path | None) -> Any:
    """One array of a file that was opened; an .npz reads it only now."""
    try:
        return np.asarray(arrays[name])
    except (TypeError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise FeatureError(f"{path}: {name!r}: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    line = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    if "allow_pickle" in line or "Object arrays" in line:
        return "it holds pickled objects, which could run code; save plain numbers"
    return line
