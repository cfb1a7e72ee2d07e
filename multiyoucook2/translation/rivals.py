"""Other translations of captions, by one way after another; what was translated once is in the memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..text.prepare import normalise
from .batches import Item, batch_key, plan_batches
from .flags import FAILED, output_flags
from .isolating import run_batches
from .ladder import Job
from .memory import Attempt
from .ways import Ask, Choice, Way

RUNG = 100  # of all rivals in the memory, above the ladder's


def rivals(
    asks: Sequence[Ask], way: Way, job: Job, progress: Callable[[int, int], None] | None = None
) -> dict[Ask, list[Choice]]:
    """What a way offers for each distinct ask, the engine's best first.

    ``progress`` is called with (texts done, all texts).

    Raises:
        ModelError: the engine fails, or a single text does not fit into memory.
        WorkspaceError: the memory cannot be written.
    """
    wanted = {ask: texts for ask in dict.fromkeys(asks) if (texts := way.asks(ask))}
    texts = sorted({text for several in wanted.values() for text in several})
    outputs = _translated(texts, way, job, progress)
    return {
        ask: [replace(choice, path=way.name) for choice in way.reads([outputs[text] for text in several], job.lang)]
        for ask, several in wanted.items()
    }


def _translated(
    texts: Sequence[str], way: Way, job: Job, progress: Callable[[int, int], None] | None
) -> Mapping[str, list[Choice]]:
    """Every output of each text, with the flags that it has by itself; checks look at those that are chosen."""
    sources = job.task.engine.read([normalise(text) for text in texts])
    items = [Item(text, source) for text, source in zip(texts, sources, strict=True)]
    search = way.search(job.decoding)
    shelf = f"{way.name}-{search.candidates}"
    batches = {f"{batch_key(batch)}-{shelf}": batch for batch in plan_batches(items, job.decoding.batch_tokens)}
    known = {key: found for key in batches if (found := job.space.get(key, RUNG)) is not None}
    done = sum(len(batches[key]) for key in known)
    missing = [key for key in batches if key not in known]
    for place, outputs in run_batches([batches[key] for key in missing], search, job.task, job.runner):
        batch = batches[missing[place]]
        attempts = []
        for item, several in zip(batch, outputs, strict=True):
            for one in several:
                flags = output_flags(item.source, one)
                score = None if one.score is None else float(np.float32(one.score))  # as the memory will give it back
                attempts.append(Attempt(item.text, RUNG, one.text, score, flags))
        failed = any(FAILED in attempt.flags for attempt in attempts)  # to be tried again by the next run
        known[missing[place]] = attempts if failed else job.space.append(missing[place], attempts)
        done += len(batch)
        if progress:
            progress(done, len(items))
    choices: dict[str, list[Choice]] = {}
    for key in batches:
        for attempt in known[key]:
            choices.setdefault(attempt.source, []).append(Choice(attempt.text, attempt.score, attempt.flags, way.name))
    return choices
