"""The build as a list of stages."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..engines.kind import ResolvedEngine
from ..engines.kinds.table import refuse_shared
from ..engines.resolve import resolve
from ..quality.estimation import calibration_of
from .checking import Check
from .publishing import Publish
from .reading import ReadClips
from .recipe import DatasetRecipe
from .reporting import Report
from .stage import Stage, Tools
from .translating import NO_ENGINE, Given, Translate

STEPS = ("fetch", "translate", "validate", "publish")  # how far a build may go


Engines = tuple[ResolvedEngine, ...]


def resolve_engines(recipe: DatasetRecipe, tools: Tools) -> dict[str, Engines]:
    """Every language's engine, resolved once and carried from here on, and repair's second one; no model is loaded.

    Empty where the recipe's engine is ``none``: only what the source has in that language is kept.

    Raises:
        ModelError: one is unknown or lacks the language, or is a table of one language for several.
        FetchError: the Hub has to be asked, and cannot be.
    """
    second = [recipe.repair.engine] if recipe.repair and recipe.repair.engine else []

    def of_language(lang: str) -> Engines:
        names = [recipe.engine_for(lang), *second]
        if names[0] == NO_ENGINE:
            return ()
        source, cache = recipe.source_language, tools.cache_dir
        return tuple(resolve(name, lang, source_lang=source, cache_dir=cache, offline=tools.offline) for name in names)

    found = {lang: of_language(lang) for lang in recipe.targets}
    refuse_shared(engine for engines in found.values() for engine in engines)
    return found


def build_stages(
    recipe: DatasetRecipe,
    paths: tuple[Path, ...],
    engines: Mapping[str, Engines],
    *,
    device: str,
    build: Path,
    until: str = "publish",
    limit: int | None = None,
) -> Sequence[Stage]:
    """What a build does: read; translate into each language; check each language, and report; publish all together."""
    calibration = calibration_of(build)
    read = [ReadClips(recipe.source, recipe.source_options, paths, limit)]
    translate = [
        Translate(of_lang[0], recipe.decoding, device, recipe.repair, calibration, of_lang[1:])
        if of_lang
        else Given(lang)
        for lang, of_lang in engines.items()
    ]
    check = check_stages(recipe, build)
    publish = [Publish(recipe, paths, limit, build)]
    parts: list[Sequence[Stage]] = [read, translate, check, publish]
    return [stage for part in parts[: STEPS.index(until) + 1] for stage in part]


def check_stages(recipe: DatasetRecipe, build: Path) -> list[Stage]:
    """Check each language, and report; ``build`` is the folder where scores against references are kept."""
    calibration = calibration_of(build)
    check: list[Stage] = [
        Check(
            lang, recipe.source_language, recipe.checks, calibration, build,
            complete=recipe.engine_for(lang) != NO_ENGINE,
        )
        for lang in recipe.targets
    ]  # fmt: skip
    if recipe.targets:
        check.append(Report(recipe.publication.pretty_name, recipe.targets, recipe.source_language, build))
    return check
