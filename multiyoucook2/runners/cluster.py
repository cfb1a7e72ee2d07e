"""The Ray cluster that actors live on: joined or started, and its room counted, since Ray itself waits in silence."""

import os
import re
import socket
from dataclasses import dataclass
from typing import Any

from ..errors import RecipeError, WorkspaceError, shown

_CPUS = 0.5  # of each actor: Ray hangs where nothing is left over for its own work
_CONNECT_S = 10.0


@dataclass(frozen=True)
class Room:
    """How many actors a cluster has room for, on how many machines, and what each of them takes."""

    actors: int
    machines: int
    gpus: int  # of each actor

    @property
    def options(self) -> dict[str, Any]:
        """What Ray is told of an actor."""
        return {"num_cpus": _CPUS, "num_gpus": self.gpus}

    def workers(self, wished: int | None) -> int:
        """So many actors as are wished; else one a GPU, or one a machine.

        Raises:
            RecipeError: there is no room for them.
        """
        if not self.actors:
            raise RecipeError("the cluster has no room for a worker", hint="ray start --num-cpus N on its machines")
        if wished and wished > self.actors:
            each = "a GPU and half a CPU" if self.gpus else "half a CPU"
            raise RecipeError(
                f"{wished} workers: the cluster has room for {self.actors}, each with {each}",
                hint=f"--workers {self.actors}",
            )
        return wished or self.most(wished)

    def most(self, wished: int | None) -> int:
        """So many actors at most: one a machine where no number is wished, and no GPUs are shared out."""
        return self.actors if wished or self.gpus else self.machines


def room(gpus: int | None = None) -> Room:
    """The room of the cluster that is joined, whoever uses it at present.

    Args:
        gpus: what each actor takes; ``None``: one, where there is any.
    """
    import ray

    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if gpus is None:
        gpus = int(any(node.get("GPU", 0.0) >= 1 for node in nodes))
    rooms = [int(min(node.get("CPU", 0.0) / _CPUS, node.get("GPU", 0.0) if gpus else float("inf"))) for node in nodes]
    return Room(sum(rooms), sum(map(bool, rooms)), gpus)


def connect() -> None:
    """Joins the cluster that ``RAY_ADDRESS`` names, or starts one on this machine.

    Raises:
        WorkspaceError: that fails.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # its telemetry is on by default
    import ray

    address = os.environ.get("RAY_ADDRESS", "")
    local: dict[str, Any] = {} if address else {"num_cpus": (os.cpu_count() or 1) + 2}
    try:
        if re.fullmatch(r"[\w.-]+:\d+", address):  # Ray itself tries for minutes
            host, port = address.split(":")
            socket.create_connection((host, int(port)), _CONNECT_S).close()
        ray.init(log_to_driver=False, include_dashboard=False, logging_level="ERROR", **local)
    except (RuntimeError, ValueError, OSError, OverflowError, ray.exceptions.RayError) as error:
        reason = shown(" ".join(str(error).split()))
        if address:
            hint = "ray start --head on its first machine, or unset RAY_ADDRESS"
            raise WorkspaceError(f"no Ray cluster at RAY_ADDRESS={shown(address)}: {reason}", hint=hint) from None
        raise WorkspaceError(f"Ray cannot start on this machine: {reason}", hint="--runner local needs none") from None
