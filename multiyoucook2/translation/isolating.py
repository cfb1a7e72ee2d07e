"""Batches through a runner; of one that fails, the texts are found at which the engine does.

A text that no engine survives must not end a run of millions. A batch that fails is halved, and halved again, until
single texts are left; these come out empty and flagged ``failed``, and are named. They are tried again by the next run,
since they are not remembered. An engine that fails at everything, or at many texts, is broken itself: the run ends.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence

from ..engines.base import Candidate, Search
from ..errors import ModelError, shown
from ..runners.base import Failed, Runner
from .batches import Batch
from .engine_task import EngineTask
from .flags import FAILED

log = logging.getLogger(__name__)

MOST = 20  # failures with nothing that succeeded, or single texts, after which the engine is at fault
_HINT = "try --device cpu, a smaller beam_size or batch_tokens, or another engine; what is finished is kept"
Outputs = list[tuple[Candidate, ...]]


def run_batches(
    batches: Sequence[Batch], search: Search, task: EngineTask, runner: Runner, *, whole: bool = False
) -> Iterator[tuple[int, Outputs]]:
    """Yields (number of a batch, the candidates of each of its texts), in the order in which they are finished.

    ``whole``: there are no other texts, so that an engine that fails at each of these is broken.

    Raises:
        ModelError: the engine fails at :data:`MOST` batches and does none, or at more than :data:`MOST` texts.
    """
    pieces = [(number, 0, len(batch)) for number, batch in enumerate(batches)]
    found: dict[int, dict[int, Outputs]] = defaultdict(dict)  # of each batch its parts, by where they start
    successes = failures = lost = 0
    reason = ""
    while pieces:
        halves: list[tuple[int, int, int]] = []
        works = [(batches[number][start:stop], search) for number, start, stop in pieces]
        for place, result in runner.map(task, works):
            number, start, stop = pieces[place]
            if isinstance(result, Failed):
                failures, reason = failures + 1, result.reason
                lost += stop - start == 1
                if lost > MOST or (failures >= MOST and not successes):
                    raise ModelError(result.reason, hint=_HINT)
                if stop - start > 1:
                    middle = (start + stop) // 2
                    halves += [(number, start, middle), (number, middle, stop)]
                    continue
                result = _given_up(batches[number][start].text, result.reason)
            else:
                successes += 1
            found[number][start] = result
            if sum(map(len, found[number].values())) == len(batches[number]):
                parts = found.pop(number)
                yield number, [row for first in sorted(parts) for row in parts[first]]
        pieces = halves
    if whole and lost and not successes:
        raise ModelError(reason, hint=_HINT)


def _given_up(text: str, reason: str) -> Outputs:
    log.warning("the engine fails at %r, which stays untranslated: %s", shown(text, 80), reason)
    return [(Candidate("", None, True, (), (FAILED,)),)]
