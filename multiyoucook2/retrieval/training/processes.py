"""Several processes that train together, and randomness that has no state."""

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn


def seed_everything(*key: int) -> None:
    """Seed torch's generators by a tuple of numbers. With it, randomness has no state that a checkpoint could lose."""
    seed = int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> 1)
    # Not torch.manual_seed: for each kind of device that is not in use it keeps the whole stack as text, every time,
    # which took a twentieth of a small step.
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.manual_seed_all(seed)


def rank() -> int:
    """Number of this process, 0 if it is alone."""
    return dist.get_rank() if dist.is_available() and dist.is_initialized() else 0


def processes() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def gather(x_B: Tensor) -> Tensor:
    """The processes' shares end to end, in the order of their ranks; all of the same shape. No gradient flows."""
    if processes() == 1:
        return x_B.detach()
    parts = [torch.empty_like(x_B) for _ in range(processes())]
    dist.all_gather(parts, x_B.detach().contiguous())
    return torch.cat(parts)


def add_over_processes(model: nn.Module) -> None:
    """Sum each weight's gradient over the processes; a weight without one counts as zero."""
    if processes() == 1:
        return
    for weight in model.parameters():
        if weight.requires_grad:
            weight.grad = torch.zeros_like(weight) if weight.grad is None else weight.grad
            dist.all_reduce(weight.grad)
