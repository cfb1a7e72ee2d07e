"""All that changes while training goes on: one object, which a checkpoint holds and a resumed run starts from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from ...errors import TrainingError
from ..data.batches import Batches
from ..model.towers import TextVideoModel
from ..objectives.loss import ObjectiveLoss
from ..recipe import TrainingRecipe
from .checkpoint import load_checkpoint, load_optimizer_tensors, load_strictly, optimizer_tensors, save_checkpoint


@dataclass
class LoopState:
    """Where the loop is; with the tensors of the checkpoint, all that it knows. ``step`` counts finished steps."""

    step: int = 0
    best: float | None = None  # criterion of the best evaluation so far
    best_epoch: int = 0
    worse: int = 0  # evaluations since the best
    finished: bool = False


def state_of(values: object, folder: Path) -> LoopState:
    """The state that a run's folder keeps.

    Raises:
        TrainingError: it is none.
    """
    try:
        return LoopState(**values)  # type: ignore[arg-type]  # what does not fit raises
    except TypeError:
        raise TrainingError(f"{folder} keeps a state that no run can be in", hint="choose another --out") from None


@dataclass
class Training:
    """What is trained, and how far it is. ``best``: weights of the best epoch, empty where the last one is reported."""

    model: TextVideoModel
    objective: ObjectiveLoss
    optimizer: torch.optim.Optimizer
    batches: Batches
    state: LoopState = field(default_factory=LoopState)
    best: dict[str, Tensor] = field(default_factory=dict)

    @property
    def parts(self) -> dict[str, nn.Module]:
        """What has weights, by its name in a checkpoint."""
        return {"model": self.model, "objective": self.objective}

    def save(self, folder: Path, identity: Mapping[str, object]) -> None:
        """Write a checkpoint in the place of the one before."""
        tensors = {f"{part}/{key}": value for part, module in self.parts.items() for key, value in _weights(module)}
        tensors |= {f"optimizer/{key}": value for key, value in optimizer_tensors(self.optimizer, self._names).items()}
        tensors |= {f"best/{key}": value for key, value in self.best.items()}
        # The batches count a batch as done when the next one is asked for; here it is done once its step is.
        epoch, step = divmod(self.state.step, self.batches.steps_per_epoch)
        state = {"loop": asdict(self.state), "batches": self.batches.state_dict() | {"epoch": epoch, "step": step}}
        save_checkpoint(folder, step=self.state.step, state=state, identity=identity, tensors=tensors)

    def restore(self, folder: Path, identity: Mapping[str, object]) -> None:
        """Go on from the checkpoint.

        Raises:
            TrainingError: it does not fit this run.
        """
        found = load_checkpoint(folder, identity=identity)
        self.state = state_of(found.state["loop"], folder)
        self.batches.load_state_dict(found.state["batches"])
        for part, module in self.parts.items():
            load_strictly(module, found.part(part), part)
        load_optimizer_tensors(self.optimizer, self._names, found.part("optimizer"))
        self.best = found.part("best")

    def judge(self, criterion: float, epoch: int, *, patience: int | None) -> None:
        """Note an evaluation after ``epoch`` epochs; ``patience`` of them in turn without a better one end the run."""
        state = self.state
        if state.best is None or criterion > state.best:
            state.best, state.best_epoch, state.worse = criterion, epoch, 0
            if patience:  # without it the last epoch is reported, so there is nothing to keep
                self.best = {key: value.cpu().clone() for key, value in _weights(self.model)}
        else:
            state.worse += 1
        state.finished = bool(patience and state.worse >= patience)

    @property
    def _names(self) -> dict[nn.Parameter, str]:
        """Each weight's name in a checkpoint, by which its optimizer state is found again."""
        parts = self.parts.items()
        return {weight: f"{part}/{name}" for part, module in parts for name, weight in module.named_parameters()}


def new_training(model: TextVideoModel, objective: ObjectiveLoss, batches: Batches, recipe: TrainingRecipe) -> Training:
    """A model before its first step, with its optimizer."""
    optimizer = torch.optim.AdamW(weight_groups(model, objective, recipe), fused=True)
    return Training(model, objective, optimizer, batches)


def weight_groups(model: nn.Module, objective: nn.Module, recipe: TrainingRecipe) -> list[dict[str, object]]:
    """What is trained: matrices, which may decay; biases, norms and tokens, which never do; and the objective's own
    weights, if any, at a rate of their own that decays by epochs as the other does."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [(weights, recipe.lr, 0.0)]
    if recipe.weight_decay:
        groups = [
            ([weight for weight in weights if weight.ndim >= 2], recipe.lr, recipe.weight_decay),
            ([weight for weight in weights if weight.ndim < 2], recipe.lr, 0.0),
        ]
    if learned := list(objective.parameters()):
        groups.append((learned, recipe.learned_lr, 0.0))
    return [{"params": found, "lr": lr, "first_lr": lr, "weight_decay": decay} for found, lr, decay in groups]


def _weights(module: nn.Module) -> list[tuple[str, Tensor]]:
    return [(key, value.detach()) for key, value in module.state_dict().items()]
