"""``resolve``: what a user writes as ``--engine`` to the engine that it means. Called once a language, then carried."""

from pathlib import Path

from ..languages import language
from .kind import KINDS, Request, ResolvedEngine


def resolve(
    engine: str, lang: str, *, source_lang: str = "en", cache_dir: Path, offline: bool = False
) -> ResolvedEngine:
    """The engine of a name, folder, hub id (``owner/name[@revision]``) or ``KIND:...``, for one language.

    Loads and downloads no model. A hub model that was never used has its commit asked of the hub, and recorded.

    Args:
        engine: what the user wrote.
        lang: language to translate into, by any usual name.
        source_lang: language of the texts.
        cache_dir: where downloads and converted models are kept.
        offline: ask nobody.

    Raises:
        ModelError: nobody knows the engine, or it does not serve the languages.
        RecipeError: nobody knows the language.
        FetchError: the hub has to be asked and cannot be.
    """
    kind, colon, rest = engine.partition(":")
    named = bool(colon) and kind in KINDS and not Path(engine).expanduser().exists()
    request = Request(
        rest if named else engine, language(lang).code, language(source_lang).code, Path(cache_dir), offline
    )
    return KINDS.find(kind if named else "model").resolve(request)
