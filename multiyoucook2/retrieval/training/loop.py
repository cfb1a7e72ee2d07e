"""The training loop, from top to bottom."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from ...errors import TrainingError
from ...progress import Listener, Silent
from ..data.batches import Batches, TrainingSet
from ..model.towers import TextVideoModel
from ..objectives.loss import BatchEmbeddings
from ..objectives.teachers import TeacherEmbeddings
from ..recipe import TrainingRecipe
from .checkpoint import load_checkpoint, load_optimizer_tensors, load_strictly, optimizer_tensors, save_checkpoint
from .metrics_log import MetricsLog
from .processes import gather, processes, rank
from .step import accumulate_gradients

Evaluate = Callable[[TextVideoModel], Mapping[str, Any]]  # {"criterion": higher is better, "summary": {}, "scores": {}}


@dataclass
class LoopState:
    """Where the loop is; with the tensors of the checkpoint, all that it knows. ``step`` counts finished steps."""

    step: int = 0
    best: float | None = None  # criterion of the best evaluation so far
    best_epoch: int = 0
    worse: int = 0  # evaluations since the best
    finished: bool = False


def state_of(values: Mapping[str, Any], folder: Path) -> LoopState:
    """The state that a run's folder keeps.

    Raises:
        TrainingError: it is none.
    """
    try:
        return LoopState(**values)
    except TypeError:
        raise TrainingError(f"{folder} keeps a state that no run can be in", hint="choose another --out") from None


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
    identity: Mapping[str, Any],
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
    teachers = teachers.to(device) if teachers else None
    batches = Batches(
        data, batch_size=recipe.batch_size, seed=recipe.seed, max_frames=recipe.max_frames, shard=(rank(), processes())
    )
    optimizer = torch.optim.AdamW(_weight_groups(model, objective, recipe), fused=True)
    # All that changes while training goes on is in `parts`, `optimizer`, `state` and `best`: a checkpoint holds these.
    parts: dict[str, nn.Module] = {"model": model, "objective": objective}
    names = {weight: f"{part}/{name}" for part in parts for name, weight in parts[part].named_parameters()}
    state, best = LoopState(), dict[str, Tensor]()
    if resume:
        found = load_checkpoint(folder, identity=identity)
        state = state_of(found.state["loop"], folder)
        batches.load_state_dict(found.state["batches"])
        for part, module in parts.items():
            load_strictly(module, found.part(part), part)
        load_optimizer_tensors(optimizer, names, found.part("optimizer"))
        best = found.part("best")

    def loss_of(embeddings: BatchEmbeddings) -> Tensor:
        if teachers is None:
            return objective(embeddings)  # type: ignore[no-any-return]
        clips = (embeddings.index_B, embeddings.caption_B)
        return objective(embeddings, teachers.similarities(*clips), teachers.taught(*clips))  # type: ignore[no-any-return]

    def save() -> None:
        if accelerator.is_main_process:
            tensors = {f"{part}/{key}": value for part in parts for key, value in parts[part].state_dict().items()}
            tensors |= {f"optimizer/{key}": value for key, value in optimizer_tensors(optimizer, names).items()}
            tensors |= {f"best/{key}": value for key, value in best.items()}
            epoch, step = divmod(state.step, batches.steps_per_epoch)
            loop = {"loop": asdict(state), "batches": batches.state_dict() | {"epoch": epoch, "step": step}}
            save_checkpoint(folder, step=state.step, state=loop, identity=identity, tensors=tensors)
        accelerator.wait_for_everyone()

    started, first_step, steps = time.monotonic(), state.step, recipe.epochs * batches.steps_per_epoch
    listener.started(recipe.name, state.step, steps)
    with MetricsLog(folder, after_step=state.step, write=accelerator.is_main_process) as log:
        while batches.epoch < recipe.epochs and not state.finished:
            epoch = batches.epoch
            # The rate is a function of the epoch, so that a resumed run needs no scheduler's state.
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(recipe, epoch, group["first_lr"])
            model.train()
            for batch in batches.rest_of_epoch():
                optimizer.zero_grad()
                loss = accumulate_gradients(
                    model,
                    batch.to(device),
                    loss_of,
                    languages=data.languages,
                    key=(recipe.seed, state.step),
                    chunk=recipe.gradient_chunk,
                    autocast=accelerator.autocast,
                )
                norm = nn.utils.get_total_norm([w.grad for w in model.parameters() if w.grad is not None])
                # Stop before the step: the weights of the last checkpoint are then the last sound ones.
                _require_finite(loss, norm, batch.index_B.to(device), data, state.step, log, folder)
                optimizer.step()
                state.step += 1
                rate = (state.step - first_step) / (time.monotonic() - started)
                values = {"epoch": epoch, "loss": float(loss), "lr": learning_rate(recipe, epoch)}
                values |= {"gradient_norm": float(norm), "clips_per_s": round(rate * recipe.batch_size, 1)}
                log.write("step", state.step, values)
                listener.progress(state.step, steps, {"loss": values["loss"], "clips/s": values["clips_per_s"]})
                within = state.step % batches.steps_per_epoch  # 0: the epoch's end saves after its evaluation
                if recipe.checkpoint_steps and within and state.step % recipe.checkpoint_steps == 0:
                    save()
            if evaluate is not None and recipe.evaluate_every and (epoch + 1) % recipe.evaluate_every == 0:
                result = _evaluated_once(evaluate, model, accelerator)
                log.write("evaluation", state.step, {"epoch": epoch, **result})
                figures = ", ".join(f"{name} {value:.1f}" for name, value in result["summary"].items())
                listener.note(f"{recipe.name}: epoch {epoch + 1}: {figures}")
                better = state.best is None or result["criterion"] > state.best
                state.worse = 0 if better else state.worse + 1
                if better:
                    state.best, state.best_epoch = result["criterion"], epoch + 1
                    if recipe.patience:  # without it the last epoch is reported, so there is nothing to keep
                        best = {key: value.detach().cpu().clone() for key, value in model.state_dict().items()}
                state.finished = bool(recipe.patience and state.worse >= recipe.patience)
            # In this order: a run killed during an evaluation is resumed before it, and evaluates again.
            state.finished = state.finished or batches.epoch >= recipe.epochs
            save()
    if best:
        load_strictly(model, best, "best weights")
    listener.finished(recipe.name, skipped=False, seconds=time.monotonic() - started, counts={"steps": state.step})
    return state


def _weight_groups(model: nn.Module, objective: nn.Module, recipe: TrainingRecipe) -> list[dict[str, Any]]:
    """What is trained: matrices, which may decay; biases, norms and tokens, which never do; and the objective's own
    weights, if any, at a rate of their own that decays by epochs as the other does."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    learned = list(objective.parameters())
    if not recipe.weight_decay:
        plain = [{"params": weights, "first_lr": recipe.lr}]
    else:
        plain = [
            {"params": [w for w in weights if w.ndim >= 2], "first_lr": recipe.lr, "weight_decay": recipe.weight_decay},
            {"params": [w for w in weights if w.ndim < 2], "first_lr": recipe.lr},
        ]
    groups = plain + ([{"params": learned, "first_lr": recipe.learned_lr}] if learned else [])
    return [{"lr": group["first_lr"], "weight_decay": 0.0, **group} for group in groups]


def _evaluated_once(evaluate: Evaluate, model: TextVideoModel, accelerator: Accelerator) -> Mapping[str, Any]:
    """Evaluate in the first process, tell the others."""
    from accelerate.utils import broadcast_object_list

    result: list[Any] = [evaluate(model) if accelerator.is_main_process else None]
    shared: Mapping[str, Any] = (broadcast_object_list(result) if processes() > 1 else result)[0]
    return shared


def _require_finite(
    loss: Tensor, norm: Tensor, index_B: Tensor, data: TrainingSet, step: int, log: MetricsLog, folder: Path
) -> None:
    if math.isfinite(float(loss)) and math.isfinite(float(norm)):
        return
    # both are the same in every process, so all come here, and the message is of the whole batch
    clips = [data.clip_ids[row] for row in gather(index_B).tolist()]
    what = f"the loss is {float(loss)}" if not math.isfinite(float(loss)) else f"the gradient's norm is {float(norm)}"
    log.write("stopped", step, {"why": what, "clip_ids": clips})
    shown = ", ".join(clips[:8]) + (f" and {len(clips) - 8} more" if len(clips) > 8 else "")
    raise TrainingError(
        f"stopped before step {step + 1}: {what}; clips of the batch: {shown}",
        hint=f"all clips are in {log.path}; try a lower --lr; the last checkpoint in {folder} is whole",
    )
