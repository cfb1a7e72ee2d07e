"""Repair within a build: the ways that a recipe asks for, by the engines that it names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engines.decoding import Decoding
from ..engines.kind import ResolvedEngine
from ..quality.estimation import Calibration
from ..quality.repair import Offer, repair_table
from ..quality.settings import Repair
from ..translation.engine_task import EngineTask
from ..translation.kept import FIRST
from ..translation.ladder import Job, distinct_texts, first_search
from ..translation.memory import SpaceKey, TranslationMemory
from ..translation.rivals import rivals
from ..translation.table import OpenEngine, decode_hash
from ..translation.ways import WAYS, Ask, Choice, Maker, NBest, Way
from .stage import Tools

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK = 50_000  # captions that are translated together: memory depends on it, and not on the size of the data set
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
    offers = (_offer(engine, way, decoding, device, tools, captions) for engine, way in ways)
    before = steps_before(clips, captions)
    return repair_table(captions, machine, first.lang, settings, offers, first.source_lang, before, calibration)


def _with(way: Way, settings: Repair) -> Way:
    return replace(way, candidates=settings.candidates) if isinstance(way, NBest) else way


def _offer(
    engine: ResolvedEngine, way: Way, decoding: Decoding, device: str, tools: Tools, captions: "pa.Table"
) -> Offer:
    """One way by one engine; the engine is opened when the first row comes."""

    def offer(asks: Sequence[Ask]) -> Mapping[Ask, Sequence[Choice]]:
        model = engine.prepare(device)
        key = SpaceKey(engine.lang, engine.name, engine.revision, decode_hash(model, decoding))
        task = EngineTask(OpenEngine(engine, device, decoding, tools.threads))
        found: dict[Ask, list[Choice]] = {}
        for memory, among in _searched(way, decoding, captions, tools.memory):
            left = [ask for ask in asks if ask not in found and (among is None or ask.caption in among)]
            if left:
                with memory.space(key) as space:
                    job = Job(engine.lang, task, decoding, space, tools.runner)
                    found |= rivals(left, way, job, tools.listener.progress, among or ())
                    space.compact()
        if way.name != SECOND:
            return found
        maker = Maker(engine.name, engine.revision, model.license, key.decode_hash)
        return {ask: [replace(one, maker=maker) for one in choices] for ask, choices in found.items()}

    return offer


def _searched(
    way: Way, decoding: Decoding, captions: "pa.Table", folder: Path
) -> Iterator[tuple[TranslationMemory, frozenset[str] | None]]:
    """Where a way's outputs are remembered, and the texts that they were searched among (none: those that are asked).

    A beam that is no wider than the build's has been searched already: its outputs are in the build's own memories.
    """
    if isinstance(way, NBest) and way.name == FIRST and way.search(decoding) == first_search(decoding):
        for _, memory, rows in chunks(captions, folder):
            yield memory, frozenset(distinct_texts(rows["text"].to_pylist()))
    else:
        yield TranslationMemory(folder / MEMORY), None


def chunks(captions: "pa.Table", folder: Path) -> Iterator[tuple[int, TranslationMemory, "pa.Table"]]:
    """:data:`CHUNK` captions at a time: the place of the first, and the memory that is theirs."""
    for first in range(0, max(1, captions.num_rows), CHUNK):
        place = folder / f"rows-{first:09d}" if first else folder
        yield first, TranslationMemory(place), captions.slice(first, CHUNK)


def steps_before(clips: "pa.Table", captions: "pa.Table") -> list[str]:
    """For each caption the first caption of the step before it in its video, ``""`` where there is none."""
    first = {clip: text for clip, index, text in _columns(captions, "clip_id", "caption_index", "text") if index == 0}
    steps = sorted(_columns(clips, "video_id", "segment_index", "clip_id"))
    earlier = {clip: before for (video, _, before), (same, _, clip) in pairwise(steps) if video == same}
    return [first.get(earlier.get(clip, ""), "") for clip in captions["clip_id"].to_pylist()]


def _columns(table: "pa.Table", *names: str) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[name].to_pylist() for name in names), strict=True)
