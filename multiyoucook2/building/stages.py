"""The build as a list of stages."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..corpus.tables import MACHINE
from ..engines.kind import ResolvedEngine
from ..engines.kinds.table import refuse_shared
from ..engines.resolve import resolve
from ..errors import ModelError
from ..quality.estimation import calibration_of
from .checking import Check, require_means
from .other_engines import resolve_others, resolved
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
        ModelError: one is unknown or lacks the language, or is a table of one language for several; or repair's second
            one has translations by people, which would be published as a machine's.
        FetchError: the Hub has to be asked, and cannot be.
    """

    def of_language(lang: str) -> Engines:
        first = recipe.engine_for(lang)
        if first == NO_ENGINE:
            return ()
        source, cache = recipe.source_language, tools.cache_dir
        found = resolve(first, lang, source_lang=source, cache_dir=cache, offline=tools.offline)
        if not recipe.repair or not recipe.repair.engine:
            return (found,)
        second = resolved(recipe.repair.engine, lang, source, tools, wanted_by="repair.engine")
        if second.origin != MACHINE:
            raise ModelError(
                f"repair.engine: {second.name} has translations by people",
                hint="a table of a machine's says so in a column origin; one of people's is a language's own engine",
            )
        return (found, second)

    found = {lang: of_language(lang) for lang in recipe.targets}
    refuse_shared(engine for engines in found.values() for engine in engines)
    return found


def build_stages(
    recipe: DatasetRecipe,
    paths: tuple[Path, ...],
    engines: Mapping[str, Engines],
    *,
    tools: Tools,
    build: Path,
    until: str = "publish",
    limit: int | None = None,
) -> Sequence[Stage]:
    """What a build does: read; translate into each language; check each language, and report; publish all together."""
    calibration = calibration_of(build)
    read = [ReadClips(recipe.source, recipe.source_options, paths, limit)]
    translate = [
        Translate(of_lang[0], recipe.decoding, tools.device, recipe.repair, calibration, recipe.checks, of_lang[1:])
        if of_lang
        else Given(lang)
        for lang, of_lang in engines.items()
    ]
    check = check_stages(recipe, build, tools) if until in STEPS[STEPS.index("validate") :] else []
    publish = [Publish(recipe, paths, limit, build)]
    parts: list[Sequence[Stage]] = [read, translate, check, publish]
    return [stage for part in parts[: STEPS.index(until) + 1] for stage in part]


def check_stages(recipe: DatasetRecipe, build: Path, tools: Tools) -> list[Stage]:
    """Check each language, and report; ``build`` is the folder where scores against references are kept.

    Raises:
        ModelError, FetchError: an engine that a check compares with is unknown, lacks the language, or is out of reach.
        DatasetError, RecipeError: the user's terms, or a package that a check needs, are not there.
    """
    calibration = calibration_of(build)
    for lang in recipe.targets:
        require_means(recipe.checks, lang, recipe.source_language)
    check = [
        Check(
            lang, recipe.source_language, recipe.checks, calibration, build,
            complete=recipe.engine_for(lang) != NO_ENGINE,
            others=resolve_others(recipe.checks, lang, recipe.source_language, tools),
        )
        for lang in recipe.targets
    ]  # fmt: skip
    refuse_shared(engine for stage in check for engine in stage.others.values())
    if not recipe.targets:
        return []
    return [*check, Report(recipe.publication.pretty_name, recipe.targets, recipe.source_language, build)]
