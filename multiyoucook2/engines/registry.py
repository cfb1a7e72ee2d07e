"""The registry of translation models: each hub id, licence and language token is spelled once, in its family's file.

A revision of ``None`` means that nobody has pinned the model yet: it is resolved at the first download and recorded in
the cache (see ``download.py``), and each translated row carries the commit that was used.
"""

from .families.mini import FOLDER as MINI_FOLDER
from .family import FAMILIES, ModelSpec

__all__ = ["FAMILIES", "MINI_FOLDER", "MODELS", "citation_of", "engines_for"]

MODELS: dict[str, ModelSpec] = {row.name: row for family in FAMILIES for row in family.models()}


def citation_of(model: str) -> str:
    """BibTeX of whoever made a model of the registry; empty for others."""
    return FAMILIES.find(MODELS[model].family).citation if model in MODELS else ""


def engines_for(lang: str) -> list[str]:
    """The registry's models that translate into a language."""
    return [name for name, spec in MODELS.items() if lang in spec.checkpoints]
