"""Repair within a build: the ways that a recipe asks for, by the engines that it names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..engines.decoding import Decoding
from ..engines.kind import ResolvedEngine
from ..quality.estimation import Calibration
from ..quality.repair import Offer, repair_table
from ..quality.settings import Repair
from ..translation.engine_task import EngineTask
from ..translation.ladder import Job
from ..translation.memory import SpaceKey, TranslationMemory
from ..translation.rivals import rivals
from ..translation.table import OpenEngine, decode_hash
from ..translation.ways import WAYS, Ask, Choice, Maker, NBest, Way
from .stage import Tools

if TYPE_CHECKING:
    import pyarrow as pa

MEMORY = "repair"  # folder within the translation memory
SECOND = "engine"  # the way of the second engine


def repaired(
    clips: "pa.Table",
    captions: "pa.Table",
    machine: "pa.Table",
    settings: Repair,
    calibration: Calibration,
    engines: Sequence[ResolvedEngine],
    decoding: Decoding,
    device: str,
    tools: Tools,
) -> "pa.Table":
    """The translations, with the rows mended that probably lose the meaning of their captions.

    Args:
        clips: schema ``corpus.tables.CLIP``.
        captions: the source language's, schema ``corpus.tables.CAPTION``.
        machine: their translations, row for row.
        settings, calibration: what is tried, and for which rows.
        engines: the build's, and a second one where the recipe names one.
        decoding, device, tools: as for the build's translations.
    """
    first = engines[0]
    ways: list[tuple[ResolvedEngine, Way]] = [(first, _with(WAYS[name], settings)) for name in settings.ways]
    ways += [(second, NBest(settings.candidates, SECOND)) for second in engines[1:]]
    offers = (_offer(engine, way, decoding, device, tools) for engine, way in ways)
    before = steps_before(clips, captions)
    return repair_table(captions, machine, first.lang, settings, offers, first.source_lang, before, calibration)


def _with(way: Way, settings: Repair) -> Way:
    return replace(way, candidates=settings.candidates) if isinstance(way, NBest) else way


def _offer(engine: ResolvedEngine, way: Way, decoding: Decoding, device: str, tools: Tools) -> Offer:
    """One way by one engine; the engine is opened when the first row comes."""

    def offer(asks: Sequence[Ask]) -> Mapping[Ask, Sequence[Choice]]:
        model = engine.prepare(device)
        key = SpaceKey(engine.lang, engine.name, engine.revision, decode_hash(model, decoding))
        task = EngineTask(OpenEngine(engine, device, decoding, tools.threads))
        with TranslationMemory(tools.memory / MEMORY).space(key) as space:
            job = Job(engine.lang, task, decoding, space, tools.runner)
            found = rivals(asks, way, job, tools.listener.progress)
            space.compact()
        if way.name != SECOND:
            return found
        maker = Maker(engine.name, engine.revision, model.license, key.decode_hash)
        return {ask: [replace(one, maker=maker) for one in choices] for ask, choices in found.items()}

    return offer


def steps_before(clips: "pa.Table", captions: "pa.Table") -> list[str]:
    """For each caption the first caption of the step before it in its video, ``""`` where there is none."""
    first = {clip: text for clip, index, text in _columns(captions, "clip_id", "caption_index", "text") if index == 0}
    steps = sorted(_columns(clips, "video_id", "segment_index", "clip_id"))
    earlier = {clip: before for (video, _, before), (same, _, clip) in pairwise(steps) if video == same}
    return [first.get(earlier.get(clip, ""), "") for clip in captions["clip_id"].to_pylist()]


def _columns(table: "pa.Table", *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[name].to_pylist() for name in names), strict=True)
