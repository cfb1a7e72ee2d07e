"""The build as a list of stages."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..engines.kind import ResolvedEngine
from ..engines.resolve import resolve
from .checking import Check
from .publishing import Publish
from .reading import ReadClips
from .recipe import DatasetRecipe
from .reporting import Report
from .stage import Stage, Tools
from .translating import NO_ENGINE, Given, Translate

STEPS = ("fetch", "translate", "validate", "publish")  # how far a build may go


def resolve_engines(recipe: DatasetRecipe, tools: Tools) -> dict[str, ResolvedEngine | None]:
    """Every language's engine, resolved once and carried from here on; no model is loaded.

    ``None`` where the recipe's engine is ``none``: only what the source has in that language is kept.

    Raises:
        ModelError: one is unknown or lacks the language. FetchError: the Hub has to be asked, and cannot be.
    """
    source, cache = recipe.source_language, tools.cache_dir
    return {
        lang: None
        if recipe.engine_for(lang) == NO_ENGINE
        else resolve(recipe.engine_for(lang), lang, source_lang=source, cache_dir=cache, offline=tools.offline)
        for lang in recipe.targets
    }


def build_stages(
    recipe: DatasetRecipe,
    paths: tuple[Path, ...],
    engines: Mapping[str, ResolvedEngine | None],
    *,
    device: str,
    build: Path,
    until: str = "publish",
    limit: int | None = None,
) -> Sequence[Stage]:
    """What a build does: read; translate into each language; check each language, and report; publish all together."""
    read = [ReadClips(recipe.source, recipe.source_options, paths, limit)]
    translate = [
        Translate(engine, recipe.decoding, device, recipe.repair) if engine else Given(lang)
        for lang, engine in engines.items()
    ]
    check = check_stages(recipe, build)
    publish = [Publish(recipe, paths, limit, build)]
    parts: list[Sequence[Stage]] = [read, translate, check, publish]
    return [stage for part in parts[: STEPS.index(until) + 1] for stage in part]


def check_stages(recipe: DatasetRecipe, build: Path) -> list[Stage]:
    """Check each language, and report; ``build`` is the folder where scores against references are kept."""
    check: list[Stage] = [
        Check(lang, recipe.source_language, recipe.checks, complete=recipe.engine_for(lang) != NO_ENGINE)
        for lang in recipe.targets
    ]
    if recipe.targets:
        check.append(Report(recipe.publication.pretty_name, recipe.targets, recipe.source_language, build))
    return check
