"""A synchronous grammar of cooking captions: English frames, nouns and modifiers, realised in eight languages.

``base`` holds the types and the template filler, ``english`` samples captions, one module a language realises them.
"""

from importlib import import_module

from .base import LEXICON, TargetLanguage
from .english import Caption, Sampler

MODULES = {
    "de": "German",
    "fr": "French",
    "cs": "Czech",
    "zh": "Chinese",
    "ru": "Russian",
    "vi": "Vietnamese",
    "es": "Spanish",
    "ja": "Japanese",
}


def load_language(code: str) -> TargetLanguage:
    """The realiser of one target language, its lexicon loaded and checked against the English files."""
    language: TargetLanguage = getattr(import_module(f".{code}", __name__), MODULES[code])()
    return language


__all__ = ["LEXICON", "MODULES", "Caption", "Sampler", "TargetLanguage", "load_language"]
