"""How long a training run goes on, and its learning rate."""

from datetime import datetime, time, timedelta
from time import monotonic


def learning_rate(step: int, done: float, peak: float, warmup: int = 300) -> float:
    """Linear warm-up in steps, constant, linear decay to zero over the last two thirds; ``done`` of the run, 0 to 1."""
    return peak * min(1.0, (step + 1) / warmup, (1 - done) * 3 / 2)


def seconds_until(clock: str, now: datetime) -> float:
    """Until a clock shows ``clock`` ("19:05") next."""
    moment = datetime.combine(now.date(), time.fromisoformat(clock))
    return ((moment if moment > now else moment + timedelta(days=1)) - now).total_seconds()


class Budget:
    """How much of a run is done: by steps, or, where ``until`` is given, by the time that it has been running.

    ``before`` is the seconds that earlier sessions ran; breaks between sessions do not count.
    """

    def __init__(self, steps: int, until: str | None, before: float) -> None:
        self.steps, self.before, self.started = steps, before, monotonic()
        self.left = seconds_until(until, datetime.now()) if until else None

    def done(self, step: int) -> float:
        """0 at the start, 1 at the end."""
        if self.left is None:
            return step / self.steps
        return (self.before + monotonic() - self.started) / (self.before + self.left)
