"""Repair within a build: the ways that a recipe asks for, by the engines that it names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..allocators import release_freed
from ..engines.decoding import Decoding
from ..engines.kind import ResolvedEngine
from ..quality.estimation import Calibration
from ..quality.repair import Mender, Offer
from ..quality.settings import Checks, Repair
from ..translation.kept import FIRST
from ..translation.ladder import Job, distinct_texts, first_search
from ..translation.memory import TranslationMemory
from ..translation.rivals import rivals
from ..translation.table import settled
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
    checks: Checks,
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
        settings, calibration, checks: what is tried, for which rows, and what is refused.
        engines: the build's, and a second one where the recipe names one.
        decoding, device, tools: as for the build's translations.
    """
    import pyarrow as pa

    first = engines[0]
    ways: list[tuple[ResolvedEngine, Way]] = [(first, _with(WAYS[name], settings)) for name in settings.ways]
    ways += [(second, NBest(settings.candidates, SECOND)) for second in engines[1:]]
    mender = Mender(captions, machine, first.lang, settings, first.source_lang, calibration, checks)
    before = steps_before(clips, captions)
    parts = []
    for start, memory, rows in chunks(captions, tools.memory):
        offers = (_offer(engine, way, decoding, device, tools, memory, rows) for engine, way in ways)
        parts.append(mender.mended(start, rows.num_rows, offers, before.slice(start, rows.num_rows).to_pylist()))
        release_freed()
    return pa.concat_tables(parts)


def _with(way: Way, settings: Repair) -> Way:
    return replace(way, candidates=settings.candidates) if isinstance(way, NBest) else way


def _offer(
    engine: ResolvedEngine,
    way: Way,
    decoding: Decoding,
    device: str,
    tools: Tools,
    memory: TranslationMemory,
    captions: "pa.Table",
) -> Offer:
    """One way by one engine, for some captions and their memory; the engine is opened when the first row comes."""

    def offer(asks: Sequence[Ask]) -> Mapping[Ask, Sequence[Choice]]:
        model, key, task = settled(engine, decoding, device, tools.threads, tools.runner)
        place, among = _searched(way, decoding, memory, captions)
        wanted = [ask for ask in asks if among is None or ask.caption in among]
        with place.space(key) as space:
            job = Job(engine.lang, task, decoding, space, tools.runner)
            found = rivals(wanted, way, job, tools.listener.progress, among or ())
            space.compact()
        if way.name != SECOND:
            return found
        maker = Maker(engine.name, engine.revision, model.license, key.decode_hash)
        return {ask: [replace(one, maker=maker) for one in choices] for ask, choices in found.items()}

    return offer


def _searched(
    way: Way, decoding: Decoding, memory: TranslationMemory, captions: "pa.Table"
) -> tuple[TranslationMemory, frozenset[str] | None]:
    """Where a way's outputs are remembered, and the texts that they were searched among (none: those that are asked).

    A beam that is no wider than the build's has been searched already: its outputs are in the build's own memory.
    """
    if isinstance(way, NBest) and way.name == FIRST and way.search(decoding) == first_search(decoding):
        return memory, frozenset(distinct_texts(captions["text"].to_pylist()))
    return TranslationMemory(memory.folder / MEMORY), None


def chunks(captions: "pa.Table", folder: Path) -> Iterator[tuple[int, TranslationMemory, "pa.Table"]]:
    """:data:`CHUNK` captions at a time: the place of the first, and the memory that is theirs."""
    for first in range(0, max(1, captions.num_rows), CHUNK):
        place = folder / f"rows-{first:09d}" if first else folder
        yield first, TranslationMemory(place), captions.slice(first, CHUNK)


def steps_before(clips: "pa.Table", captions: "pa.Table") -> "pa.Array":
    """For each caption the first caption of the step before it in its video, ``""`` where there is none."""
    import pyarrow.compute as pc

    steps = clips.select(["video_id", "segment_index", "clip_id"]).sort_by(
        [(name, "ascending") for name in ("video_id", "segment_index", "clip_id")]
    )
    video, clip = (steps[name].combine_chunks() for name in ("video_id", "clip_id"))
    follows = pc.equal(video[1:], video[:-1])
    later, earlier = clip[1:].filter(follows), clip[:-1].filter(follows)
    firsts = captions.filter(pc.equal(captions["caption_index"], 0))
    before = earlier.take(pc.index_in(captions["clip_id"].combine_chunks(), value_set=later))
    texts = firsts["text"].combine_chunks().take(pc.index_in(before, value_set=firsts["clip_id"].combine_chunks()))
    return pc.fill_null(texts, "")
