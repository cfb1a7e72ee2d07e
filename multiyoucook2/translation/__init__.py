"""Translation: captions to other languages by CTranslate2, resumable to the batch.

``translate_table`` is the stage, ``engine_fingerprint`` what it depends on; ``MODELS`` is the registry. The names are
loaded when they are first used, so that importing this package costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .memory import TranslationMemory
    from .models import MODELS, ModelSpec, find_engine
    from .shortlist import measure_vocabulary_map
    from .table import engine_fingerprint, preflight, translate_table

_HOMES = {
    "MODELS": "models",
    "ModelSpec": "models",
    "TranslationMemory": "memory",
    "engine_fingerprint": "table",
    "find_engine": "models",
    "measure_vocabulary_map": "shortlist",
    "preflight": "table",
    "translate_table": "table",
}
__all__ = [
    "MODELS",
    "ModelSpec",
    "TranslationMemory",
    "engine_fingerprint",
    "find_engine",
    "measure_vocabulary_map",
    "preflight",
    "translate_table",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
