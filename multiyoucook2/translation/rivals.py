"""Other translations of captions, by one way after another; what was translated once is in the memory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from ..text.prepare import normalise
from .batches import Item, plan_batches
from .flags import FAILED
from .isolating import run_batches
from .kept import RUNG, as_kept, shelf
from .ladder import Job
from .ways import Ask, Choice, Way


def rivals(
    asks: Sequence[Ask],
    way: Way,
    job: Job,
    progress: Callable[[int, int], None] | None = None,
    among: Iterable[str] = (),
) -> dict[Ask, list[Choice]]:
    """What a way offers for each distinct ask, the engine's best first.

    Args:
        asks, way, job: what is wanted, how it is come by, and by which engine and memory.
        progress: called with (texts done, all texts).
        among: texts that share the batches with those that are asked: what a build's first search has found of them
            all is in the memory.

    Raises:
        ModelError: the engine fails, or a single text does not fit into memory.
        WorkspaceError: the memory cannot be written.
    """
    wanted = {ask: texts for ask in dict.fromkeys(asks) if (texts := way.asks(ask))}
    texts = sorted({text for several in wanted.values() for text in several}.union(among))
    outputs = _translated(texts, way, job, progress)
    return {
        ask: [replace(choice, path=way.name) for choice in way.reads([outputs[text] for text in several], job.lang)]
        for ask, several in wanted.items()
    }


def _translated(
    texts: Sequence[str], way: Way, job: Job, progress: Callable[[int, int], None] | None
) -> Mapping[str, list[Choice]]:
    """Every output of each text."""
    sources = job.task.engine.read([normalise(text) for text in texts])
    items = [Item(text, source) for text, source in zip(texts, sources, strict=True)]
    search = way.search(job.decoding)
    batches = {shelf(batch, way.name, search): batch for batch in plan_batches(items, job.decoding.batch_tokens)}
    known = {key: found for key in batches if (found := job.space.get(key, RUNG)) is not None}
    done = sum(len(batches[key]) for key in known)
    missing = [key for key in batches if key not in known]
    for place, outputs in run_batches([batches[key] for key in missing], search, job.task, job.runner):
        attempts = as_kept(batches[missing[place]], outputs)
        failed = any(FAILED in attempt.flags for attempt in attempts)  # to be tried again by the next run
        known[missing[place]] = attempts if failed else job.space.append(missing[place], attempts)
        done += len(batches[missing[place]])
        if progress:
            progress(done, len(items))
    choices: dict[str, list[Choice]] = {}
    for key in batches:
        for attempt in known[key]:
            choices.setdefault(attempt.source, []).append(Choice(attempt.text, attempt.score, attempt.flags, way.name))
    return choices
