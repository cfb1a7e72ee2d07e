"""Arrays of whole videos in the layouts that feature releases have, read without running any code in them."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ...errors import FeatureError, install_hint, shown
from ...files import open_regular
from ..arrays import ARRAY_BYTES, NpzFile, damage_named, read_npy
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
        self._names: frozenset[str] = frozenset()

    def __enter__(self) -> "VideoArrays":
        if self._whole is not None:
            with damage_named(self._whole), ExitStack() as stack:
                self._all = _opened(self._whole, stack)
                if _is_array(self._all):
                    said = f"{shown(self._whole)} holds one array, not one a video"
                    raise FeatureError(said, hint="give the folder of arrays")
                self._names = frozenset(self._all)
                self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def has(self, video_id: str) -> bool:
        """Whether there is an array of the video."""
        return video_id in self._files or video_id in self._names

    def find(self, video_id: str) -> Any:
        """The video's array, ``None`` if there is none.

        Raises:
            FeatureError: unreadable, pickled objects inside, or several arrays and no key.
        """
        if not self.has(video_id):
            return None
        if self._whole is not None:
            with damage_named(self._whole):
                return _numbers(self._all[video_id], f"{video_id!r} in {shown(self._whole)}")
        path = self._files[video_id]
        with damage_named(path), ExitStack() as stack:
            found = _opened(path, stack)
            if _is_array(found):
                return _numbers(found, shown(path))
            names = [self._key] if self._key else list(found)
            if len(names) != 1 or names[0] not in found:
                raise FeatureError(f"{shown(path)} holds {', '.join(map(repr, found))}", hint="choose one with --key")
            return _numbers(found[names[0]], f"{names[0]!r} in {shown(path)}")


def _opened(path: Path, stack: ExitStack) -> Any:
    """An array, or a mapping of names to arrays; what stays open is closed with the stack."""
    if path.suffix in (".npy", ".npz"):
        file = stack.enter_context(open_regular(path, FeatureError))
        return read_npy(file, path) if path.suffix == ".npy" else stack.enter_context(NpzFile(file, path))
    return _h5(path, stack) if path.suffix in (".h5", ".hdf5") else load_tensors(path, FeatureError)


def _h5(path: Path, stack: ExitStack) -> Any:
    try:
        import h5py
    except ImportError:
        raise FeatureError(f"reading {path} needs h5py", hint=install_hint("video")) from None
    return stack.enter_context(h5py.File(path, "r"))


def _is_array(found: Any) -> bool:
    return not isinstance(found, Mapping)


def _numbers(array: Any, where: str) -> Any:
    """A numpy array of an array of numpy, HDF5 or torch; numpy knows no bfloat16 and no gradients."""
    if hasattr(array, "detach"):
        array = (array.float() if array.is_floating_point() else array).detach().numpy()
    if getattr(array, "nbytes", 0) > ARRAY_BYTES:
        raise FeatureError(f"{where} says that its shape is {shown(list(array.shape))}, which is no video's")
    return np.asarray(array)
