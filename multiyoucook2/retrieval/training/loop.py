"""The training loop, from top to bottom."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from accelerate import Accelerator
from torch import Tensor, nn

from ...errors import TrainingError
from ...progress import Listener, Silent
from ..data.batches import Batch, Batches, TrainingSet, ahead
from ..model.towers import TextVideoModel
from ..objectives.loss import BatchEmbeddings
from ..objectives.teachers import TeacherEmbeddings
from ..recipe import TrainingRecipe
from .checkpoint import load_strictly
from .metrics_log import MetricsLog
from .processes import gather, processes, rank
from .state import LoopState, Training, new_training
from .step import accumulate_gradients


class Evaluated(TypedDict):
    """What an evaluation between epochs says: one number to choose epochs by (higher is better), and what to show."""

    criterion: float
    summary: dict[str, float]
    scores: dict[str, dict[str, dict[str, float]]]  # task -> language -> score -> value


Evaluate = Callable[[TextVideoModel], Evaluated]


def learning_rate(recipe: TrainingRecipe, epoch: int, first: float | None = None) -> float:
    """In an epoch, counted from 0: exponential decay of the recipe's rate, or of another ``first`` one."""
    return (recipe.lr if first is None else first) * recipe.lr_decay**epoch


def train_model(
    model: TextVideoModel,
    data: TrainingSet,
    recipe: TrainingRecipe,
    folder: Path,
    *,
    accelerator: Accelerator,
    identity: dict[str, object],
    teachers: TeacherEmbeddings | None = None,
    evaluate: Evaluate | None = None,
    resume: bool = False,
    listener: Listener | None = None,
) -> LoopState:
    """Train ``model`` in place, and leave checkpoint and log in ``folder``.

    Args:
        data: with its texts tokenised or encoded; the same in every process.
        identity: what a checkpoint must share with this run.
        teachers: embeddings of the clips of ``data``.
        evaluate: called in the first process after each ``recipe.evaluate_every`` epochs.

    Raises:
        TrainingError: a loss or gradient that is not finite (with step and clips), or a checkpoint that does not fit.
    """
    listener, device = listener or Silent(), accelerator.device
    model.to(device)
    objective = recipe.loss(data.languages, data.captions.source).to(device)
    batches = Batches(
        data, batch_size=recipe.batch_size, seed=recipe.seed, max_frames=recipe.max_frames, shard=(rank(), processes())
    )
    training = new_training(model, objective, batches, recipe)
    if resume:
        training.restore(folder, identity)
    state, started = training.state, time.monotonic()
    listener.started(recipe.name, state.step, recipe.epochs * batches.steps_per_epoch)
    with MetricsLog(folder, after_step=state.step, write=accelerator.is_main_process) as log:
        run = _Run(training, recipe, folder, accelerator, identity, teachers and teachers.to(device), listener, log)
        while batches.epoch < recipe.epochs and not state.finished:
            epoch = batches.epoch
            run.train_epoch()
            if evaluate is not None and recipe.evaluate_every and (epoch + 1) % recipe.evaluate_every == 0:
                run.evaluate(evaluate, epoch)
            # In this order: a run killed during an evaluation is resumed before it, and evaluates again.
            state.finished = state.finished or batches.epoch >= recipe.epochs
            run.save()
    if training.best:
        load_strictly(model, training.best, "best weights")
    listener.finished(recipe.name, skipped=False, seconds=time.monotonic() - started, counts={"steps": state.step})
    return state


@dataclass(frozen=True)
class _Run:
    """What the loop's parts share: what changes (``training``), what does not, and who is told."""

    training: Training
    recipe: TrainingRecipe
    folder: Path
    accelerator: Accelerator
    identity: dict[str, object]
    teachers: TeacherEmbeddings | None
    listener: Listener
    log: MetricsLog

    def train_epoch(self) -> None:
        """The batches that are left of the epoch, a step each."""
        training, recipe, state = self.training, self.recipe, self.training.state
        batches, epoch, started, first_step = training.batches, training.batches.epoch, time.monotonic(), state.step
        # The rate is a function of the epoch, so that a resumed run needs no scheduler's state.
        for group in training.optimizer.param_groups:
            group["lr"] = learning_rate(recipe, epoch, group["first_lr"])
        training.model.train()
        for batch in ahead(batches.rest_of_epoch()):
            loss, norm = self.step(batch)
            rate = (state.step - first_step) / (time.monotonic() - started)
            values = {"epoch": epoch, "loss": loss, "lr": learning_rate(recipe, epoch)}
            values |= {"gradient_norm": norm, "clips_per_s": round(rate * recipe.batch_size, 1)}
            self.log.write("step", state.step, values)
            shown = {"loss": loss, "clips/s": values["clips_per_s"]}
            self.listener.progress(state.step, recipe.epochs * batches.steps_per_epoch, shown)
            within = state.step % batches.steps_per_epoch  # 0: the epoch's end saves after its evaluation
            if recipe.checkpoint_steps and within and state.step % recipe.checkpoint_steps == 0:
                self.save()

    def step(self, batch: Batch) -> tuple[float, float]:
        """One step down the gradient; returns the loss of the whole batch, and the gradient's norm."""
        training, device = self.training, self.accelerator.device
        training.optimizer.zero_grad()
        loss = accumulate_gradients(
            training.model,
            batch.to(device),
            self.loss_of,
            languages=training.batches.data.languages,
            key=(self.recipe.seed, training.state.step),
            chunk=self.recipe.gradient_chunk,
            autocast=self.accelerator.autocast,
        )
        norm = nn.utils.get_total_norm([w.grad for w in training.model.parameters() if w.grad is not None])
        found = float(loss), float(norm)
        # Stop before the step: the weights of the last checkpoint are then the last sound ones.
        self.require_finite(*found, batch.index_B.to(device))
        training.optimizer.step()
        training.state.step += 1
        return found

    def loss_of(self, embeddings: BatchEmbeddings) -> Tensor:
        """The objective, with what the teachers say about the batch if there are any."""
        if self.teachers is None:
            return self.training.objective(embeddings)  # type: ignore[no-any-return]
        clips = (embeddings.index_B, embeddings.caption_B)
        told = self.teachers.similarities(*clips), self.teachers.taught(*clips)
        return self.training.objective(embeddings, *told)  # type: ignore[no-any-return]

    def evaluate(self, evaluate: Evaluate, epoch: int) -> None:
        """Score the model as it is after an epoch; the best so far is kept if the run may stop early."""
        result = _evaluated_once(evaluate, self.training.model, self.accelerator)
        self.log.write("evaluation", self.training.state.step, {"epoch": epoch, **result})
        figures = ", ".join(f"{name} {value:.1f}" for name, value in result["summary"].items())
        self.listener.note(f"{self.recipe.name}: epoch {epoch + 1}: {figures}")
        self.training.judge(result["criterion"], epoch + 1, patience=self.recipe.patience)

    def save(self) -> None:
        """A checkpoint; no process goes on before it is written."""
        if self.accelerator.is_main_process:
            self.training.save(self.folder, self.identity)
        self.accelerator.wait_for_everyone()

    def require_finite(self, loss: float, norm: float, index_B: Tensor) -> None:
        if math.isfinite(loss) and math.isfinite(norm):
            return
        # both are the same in every process, so all come here, and the message is of the whole batch
        data, step = self.training.batches.data, self.training.state.step
        clips = [data.clip_ids[row] for row in gather(index_B).tolist()]
        what = f"the loss is {loss}" if not math.isfinite(loss) else f"the gradient's norm is {norm}"
        self.log.write("stopped", step, {"why": what, "clip_ids": clips})
        shown = ", ".join(clips[:8]) + (f" and {len(clips) - 8} more" if len(clips) > 8 else "")
        raise TrainingError(
            f"stopped before step {step + 1}: {what}; clips of the batch: {shown}",
            hint=f"all clips are in {self.log.path}; try a lower --lr; the last checkpoint in {self.folder} is whole",
        )


def _evaluated_once(evaluate: Evaluate, model: TextVideoModel, accelerator: Accelerator) -> Evaluated:
    """Evaluate in the first process, tell the others."""
    from accelerate.utils import broadcast_object_list

    result: list[Evaluated | None] = [evaluate(model) if accelerator.is_main_process else None]
    found = (broadcast_object_list(result) if processes() > 1 else result)[0]
    assert found is not None
    return found
