"""Several translations of each text: the engine's best outputs, and the one that is put together from the parts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..engines.decoding import Decoding
from ..runners.base import Runner
from ..runners.local import Local
from ..text.prepare import normalise
from .batches import Item, plan_batches
from .engine_task import EngineTask
from .flags import find_flags
from .isolating import run_batches
from .ladder import RETRY_BATCH_SHARE, Rung
from .parts import join_parts, split_parts


@dataclass(frozen=True)
class Choice:
    """One translation that a text may get, with how it came about: ``n-best`` or ``parts``."""

    text: str
    score: float | None
    flags: tuple[str, ...]
    path: str


def n_best(
    texts: Sequence[str],
    task: EngineTask,
    decoding: Decoding,
    lang: str,
    candidates: int,
    runner: Runner | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, list[Choice]]:
    """The choices of each distinct text, the engine's best first, then the joined parts where a text has several.

    Args:
        task: translates a batch.
        candidates: outputs of each text; the beam is as wide at least.
        runner: where batches are translated; this process, unless another is given.
        progress: called with (texts and parts done, all of them).

    Raises:
        ModelError: the engine fails, or a single text does not fit into memory.
    """
    distinct = sorted(set(texts))
    parts = {text: cut for text in distinct if len(cut := split_parts(text)) > 1}
    pieces = sorted({part for cut in parts.values() for part in cut})
    total, done = len(distinct) + len(pieces), 0
    found: list[dict[str, list[Choice]]] = []
    for wanted, several in ((distinct, candidates), (pieces, 1)):
        choices: dict[str, list[Choice]] = {}
        for text, outputs in _translated(wanted, task, decoding, lang, several, runner or Local()):
            choices[text] = outputs
            done += 1
            if progress:
                progress(done, total)
        found.append(choices)
    whole, of_part = found
    joined = {text: _join([of_part[part][0] for part in cut], lang) for text, cut in parts.items()}
    return {text: [*whole[text], *joined.get(text, [])] for text in distinct}


def _translated(
    texts: Sequence[str], task: EngineTask, decoding: Decoding, lang: str, candidates: int, runner: Runner
) -> Iterator[tuple[str, list[Choice]]]:
    sources = task.engine.read([normalise(text) for text in texts])
    items = [Item(text, source) for text, source in zip(texts, sources, strict=True)]
    batches = plan_batches(items, max(1, decoding.batch_tokens // RETRY_BATCH_SHARE))
    search = Rung(candidates=candidates).search(decoding)
    for number, outputs in run_batches(batches, search, task, runner):
        for item, several in zip(batches[number], outputs, strict=True):
            text = normalise(item.text)
            yield (
                item.text,
                [
                    Choice(one.text, one.score, find_flags(text, one.text, item.source, one, lang), "n-best")
                    for one in several
                ],
            )


def _join(parts: Sequence[Choice], lang: str) -> list[Choice]:
    if not all(part.text for part in parts):
        return []
    scores = [part.score for part in parts if part.score is not None]
    flags = dict.fromkeys(flag for part in parts for flag in part.flags)
    text = join_parts([part.text for part in parts], lang)
    return [Choice(text, sum(scores) / len(scores) if scores else None, tuple(flags), "parts")]
