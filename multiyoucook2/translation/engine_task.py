"""The task of translating one batch, as a runner carries it: to a thread, or to a process on another machine."""

from collections.abc import Callable
from functools import cached_property

from ..engines.base import Candidate, Engine, EngineFailed, OutOfMemory, Search
from ..runners.base import Failed
from .batches import Batch


class EngineTask:
    """Translates a batch by an engine that is opened once a process.

    ``open_engine`` is what is pickled, never the engine: a worker elsewhere opens its own. Two tasks that open the same
    engine are equal, and a runner that holds one keeps it for the other.
    """

    def __init__(self, open_engine: Callable[[], Engine]) -> None:
        self._open_engine = open_engine

    @cached_property
    def engine(self) -> Engine:
        """The engine of this process. Reading texts needs no weights; they are loaded with the first batch."""
        return self._open_engine()

    @property
    def workers(self) -> int:
        """As many batches as the engine translates side by side."""
        return self.engine.workers

    def __call__(self, work: tuple[Batch, Search]) -> list[tuple[Candidate, ...]] | Failed:
        """The candidates of each text of a batch, or why the engine fails at it."""
        try:
            return _translate(*work, self.engine)
        except EngineFailed as error:
            return Failed(str(error))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EngineTask) and self._open_engine == other._open_engine

    def __hash__(self) -> int:
        return hash(type(self))

    def __reduce__(self) -> tuple[object, ...]:
        return EngineTask, (self._open_engine,)


def _translate(batch: Batch, search: Search, engine: Engine) -> list[tuple[Candidate, ...]]:
    """One batch; halved, and halved again, where it does not fit into memory."""
    try:
        return engine.translate([item.source for item in batch], search)
    except OutOfMemory as error:
        if len(batch) == 1:
            tokens = len(batch[0].source.tokens)
            raise EngineFailed(f"a text of {tokens} tokens does not fit into memory: {error}") from error
    middle = len(batch) // 2
    return [row for half in (batch[:middle], batch[middle:]) for row in _translate(half, search, engine)]
