"""Rebuild Multi-YouCook2 in nine languages, and train and evaluate text-video retrieval on it.

``multiyoucook2.build(recipe="mini", langs="de,ja")`` does what ``mycook build`` does,
``multiyoucook2.train("c2kd-tiny", dataset=..., features=...)`` what ``mycook train`` does. Importing the package loads
nothing heavy: the names below are looked up when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .errors import MyCookError
from .version import __version__

if TYPE_CHECKING:
    from .building.api import BuildResult, build
    from .retrieval.training.run import TrainResult, train

__all__ = ["BuildResult", "MyCookError", "TrainResult", "__version__", "build", "train"]

_LAZY = {
    "build": "building.api",
    "BuildResult": "building.api",
    "train": "retrieval.training.run",
    "TrainResult": "retrieval.training.run",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LAZY[name]}", __name__), name)
