"""Train the bundled model: ``python -m pipelines.mini_nmt.train --data build/mini_nmt --steps 60000``.

Resumes from ``checkpoint.pt`` in the data folder. Learning rate: warm-up, constant, then linear decay over the last
quarter of ``--steps``, so that a run can be prolonged by giving more steps before the decay begins.
"""

import argparse
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .model import Shape, TranslationModel
from .prepare import PARTS

# How often a pair of each part is seen in an epoch; a fraction is drawn anew each epoch.
SEEN = {"grammar": 1.0, "handwritten": 12.0, "general": 0.7, "lexicon": 1.0}
Batch = tuple[Tensor, Tensor, Tensor]


class Pairs:
    """The token ids of all pairs, and their batches epoch by epoch."""

    def __init__(self, folder: Path, batch_tokens: int, seed: int) -> None:
        with np.load(folder / "pairs.npz") as arrays:
            self.source, self.target, self.part = arrays["source"], arrays["target"], arrays["part"]
            self.source_end, self.target_end = arrays["source_end"], arrays["target_end"]
        self.source_start = np.concatenate([[0], self.source_end[:-1]])
        self.target_start = np.concatenate([[0], self.target_end[:-1]])
        self.batch_tokens, self.seed = batch_tokens, seed

    def epoch(self, number: int) -> list[np.ndarray]:
        """Batches as index arrays: sources of one length each, targets of about one length, in random order."""
        rng = np.random.default_rng([self.seed, number])
        seen = np.array([SEEN[part] for part in PARTS])[self.part]
        times = np.floor(seen + rng.random(len(seen))).astype(int)
        index = rng.permutation(np.repeat(np.arange(len(seen)), times))
        sources, targets = self.source_end - self.source_start, self.target_end - self.target_start
        batches = []
        for chunk in np.array_split(index, max(1, len(index) // 40_000)):
            chunk = chunk[np.lexsort((targets[chunk], sources[chunk]))]
            start = 0
            for end in range(1, len(chunk) + 1):
                tokens = (end - start) * (sources[chunk[start]] + targets[chunk[end - 1]] + 1)
                last = end == len(chunk)
                if last or sources[chunk[end]] != sources[chunk[start]] or tokens >= self.batch_tokens:
                    batches.append(chunk[start:end])
                    start = end
        return [batches[i] for i in rng.permutation(len(batches))]

    def batch(self, index: np.ndarray) -> Batch:
        """Source ids [B, S], target input [B, L] (starting with <s>) and output [B, L] (ending in </s>, padded with -1)."""
        source = np.stack([self.source[self.source_start[i] : self.source_end[i]] for i in index])
        targets = [self.target[self.target_start[i] : self.target_end[i]] for i in index]
        longest = max(len(target) for target in targets) + 1
        target_in, target_out = np.zeros((len(index), longest), int), np.full((len(index), longest), -1)
        target_in[:, 0] = 1
        for row, target in enumerate(targets):
            target_in[row, 1 : len(target) + 1] = target
            target_out[row, : len(target)] = target
            target_out[row, len(target)] = 2
        return torch.from_numpy(source.astype(int)), torch.from_numpy(target_in), torch.from_numpy(target_out)

    def batches_from(self, epoch: int, position: int) -> Iterator[tuple[int, int, Batch]]:
        """Batches for ever, with the place after each: (epoch, position) to go on from."""
        while True:
            batches = self.epoch(epoch)
            for position in range(position, len(batches)):
                yield epoch, position + 1, self.batch(batches[position])
            epoch, position = epoch + 1, 0


def learning_rate(step: int, steps: int, peak: float, warmup: int = 500) -> float:
    """Linear warm-up, constant, linear decay to zero over the last quarter."""
    return peak * min(1.0, (step + 1) / warmup, (steps - step) / (0.25 * steps))


def make_optimizers(model: TranslationModel, lr: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices, Adam for embedding, norms and biases.

    In 75 seconds of training from scratch, Adam alone at its best rate came to a held-out loss of 3.82 a token, Muon to 3.09.
    """
    matrices = [p for name, p in model.named_parameters() if p.dim() == 2 and not name.startswith("embedding")]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    return [
        torch.optim.Muon(matrices, lr=lr, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=lr, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
    ]


def save(path: Path, state: dict[str, object]) -> None:
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


def train(args: argparse.Namespace) -> None:
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pairs = Pairs(args.data, args.batch_tokens, args.seed)
    model = TranslationModel(Shape(vocabulary=args.vocabulary)).to(device)
    optimizers = make_optimizers(model, args.lr)
    average = {name: p.detach().clone() for name, p in model.named_parameters()}
    step, epoch, position, seconds = 0, 0, 0, 0.0
    checkpoint = args.data / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location=device)
        model.load_state_dict(state["model"])
        for optimizer, loaded in zip(optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(loaded)
        average, step, epoch, position, seconds = (
            state[key] for key in ("average", "step", "epoch", "position", "seconds")
        )
        print(f"resumed at step {step}", flush=True)

    def state() -> dict[str, object]:
        return {
            "model": model.state_dict(), "optimizers": [optimizer.state_dict() for optimizer in optimizers],
            "average": average, "step": step, "epoch": epoch, "position": position, "seconds": seconds,
        }  # fmt: skip

    started, seen, total = time.monotonic(), 0, 0.0
    for epoch, position, batch in pairs.batches_from(epoch, position):  # noqa: B020
        if step >= args.steps:
            break
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(step, args.steps, args.lr)
        with torch.autocast(device.type, torch.bfloat16):
            loss = model.loss(*(tensor.to(device) for tensor in batch), smoothing=0.1)
        if not math.isfinite(loss.item()):
            raise SystemExit(f"loss is {loss.item()} at step {step}")
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        step, seen, total = step + 1, seen + len(batch[0]), total + loss.item()
        decay = min(0.999, step / (step + 100))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.values()), [p.detach() for p in model.parameters()], 1 - decay)
        if step % args.log_every == 0:
            now = time.monotonic()
            seconds += now - started
            rate = seen / (now - started)
            left = (args.steps - step) / args.log_every * (now - started) / 60
            print(
                f"step {step} epoch {epoch} loss {total / args.log_every:.3f} {rate:.0f} pairs/s {seconds / 60:.0f} min, {left:.0f} min left",
                flush=True,
            )
            started, seen, total = now, 0, 0.0
        if step % args.save_every == 0:
            save(checkpoint, state())
    save(checkpoint, state())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("build/mini_nmt"))
    parser.add_argument("--steps", type=int, default=60_000)
    parser.add_argument("--batch-tokens", type=int, default=2500, help="source and target pieces in a batch")
    parser.add_argument("--lr", type=float, default=5e-3)
    parser.add_argument("--vocabulary", type=int, default=8000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log-every", type=int, default=100)
    parser.add_argument("--save-every", type=int, default=500)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
