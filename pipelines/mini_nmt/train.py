"""Train the bundled model: ``python -m pipelines.mini_nmt.train --data build/mini_nmt``.

Resumes from ``checkpoint.pt`` in the data folder. Learning rate: warm-up, constant, then linear decay over the last
two thirds of the run, so that it can be prolonged before the decay begins. A run is as long as ``--steps`` says, or
lasts ``--until`` a time of the day: on a shared machine nobody knows how many steps there will be.

On a CPU, set OMP_WAIT_POLICY=ACTIVE, MALLOC_MMAP_THRESHOLD_=4294967296 and MALLOC_TRIM_THRESHOLD_=8589934592: freed
memory is kept then, and threads are not put to sleep between two small products. Where other work fills the cores, one
thread (``--threads 1``, without the first of these) gets more done than two that wait for each other.
"""

import argparse
import hashlib
import math
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from time import monotonic

import numpy as np
import sentencepiece
import torch
from torch import Tensor

from .model import Shape, TranslationModel
from .restore import model_weights
from .schedule import Budget, learning_rate
from .text import PARTS

# How often a pair of each part is seen in an epoch; a fraction is drawn anew each epoch.
SEEN = {"grammar": 0.6, "lists": 0.5, "handwritten": 4.0, "general": 0.25, "lexicon": 1.0, "real": 8.0, "own": 1.0}
Batch = tuple[Tensor, Tensor, Tensor]


class Pairs:
    """The token ids of all pairs, and their batches epoch by epoch."""

    def __init__(self, folder: Path, batch_tokens: int, seed: int, seen: dict[str, float]) -> None:
        with np.load(folder / "pairs.npz") as arrays:
            self.source, self.target, self.part = arrays["source"], arrays["target"], arrays["part"]
            self.source_end, self.target_end = arrays["source_end"], arrays["target_end"]
        self.source_start = np.concatenate([[0], self.source_end[:-1]])
        self.target_start = np.concatenate([[0], self.target_end[:-1]])
        self.batch_tokens, self.seed, self.seen = batch_tokens, seed, seen

    def epoch(self, number: int) -> list[np.ndarray]:
        """Batches as index arrays: sources of one length each, targets of about one length, in random order."""
        rng = np.random.default_rng([self.seed, number])
        seen = np.array([self.seen[part] for part in PARTS])[self.part]
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
        """Source ids [B, S], target input [B, L] (from <s> on) and output [B, L] (up to </s>, then -1)."""
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
            for done in range(position, len(batches)):
                yield epoch, done + 1, self.batch(batches[done])
            epoch, position = epoch + 1, 0


def make_optimizers(model: TranslationModel, lr: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices, Adam for embedding, norms and biases.

    In 75 seconds of training from scratch, Adam alone at its best rate came to a held-out loss of 3.82 a token, Muon
    to 3.09.
    """
    matrices = [p for name, p in model.named_parameters() if p.dim() == 2 and not name.startswith("embedding")]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    return [
        torch.optim.Muon([{"params": matrices, "peak": lr}], lr=lr, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW([{"params": others, "peak": lr / 4}], lr=lr, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
    ]


def warm_start(model: TranslationModel, init: Path, data: Path) -> None:
    """Takes the weights in ``init``, an earlier run's averaged ones or a converted model's.

    Each piece gets its own vector by its text: vocabularies may differ.
    """
    old, new = (sentencepiece.SentencePieceProcessor(model_file=str(f / "sentencepiece.model")) for f in (init, data))
    if (init / "checkpoint.pt").exists():
        weights = torch.load(init / "checkpoint.pt", weights_only=True, map_location="cpu")["average"]
    else:
        weights = model_weights(init, [name for name, _ in model.named_parameters()])
    known = {old.id_to_piece(i): i for i in range(old.get_piece_size())}
    embedding = model.embedding.weight.detach().clone()
    for index in range(new.get_piece_size()):
        if (piece := new.id_to_piece(index)) in known:
            embedding[index] = weights["embedding.weight"][known[piece]]
    model.load_state_dict(weights | {"embedding.weight": embedding})


@dataclass
class Progress:
    """Where a run stands; ``pairs`` is the hash of the data, which may be exchanged between two sessions."""

    step: int = 0
    epoch: int = 0
    position: int = 0  # batches done of the epoch
    seconds: float = 0.0
    pairs: str = ""


class Trainer:
    """Model, optimizers and averaged weights, with a checkpoint that holds all of it."""

    def __init__(self, data: Path, shape: Shape, lr: float, pairs: str, init: Path | None = None) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.checkpoint = data / "checkpoint.pt"
        self.model = TranslationModel(shape).to(self.device)
        if init and not self.checkpoint.exists():
            warm_start(self.model, init, data)
        self.optimizers = make_optimizers(self.model, lr)
        self.average = {name: p.detach().clone() for name, p in self.model.named_parameters()}
        self.progress = Progress(pairs=pairs)
        if self.checkpoint.exists():
            self._load(pairs)

    def _load(self, pairs: str) -> None:
        state = torch.load(self.checkpoint, weights_only=True, map_location=self.device)
        self.model.load_state_dict(state["model"])
        for optimizer, loaded in zip(self.optimizers, state["optimizers"], strict=True):
            peaks = [group["peak"] for group in optimizer.param_groups]
            optimizer.load_state_dict(loaded)
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["peak"] = peak  # a prolonged run may be given another rate
        self.average = state["average"]
        self.progress = Progress(**{field.name: state[field.name] for field in fields(Progress)})
        if self.progress.pairs != pairs:
            self.progress = replace(self.progress, epoch=self.progress.epoch + 1, position=0, pairs=pairs)
        print(f"resumed at step {self.progress.step}", flush=True)

    def save(self) -> None:
        """Writes the checkpoint, atomically."""
        state = {
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "average": self.average,
            **asdict(self.progress),
        }
        temporary = self.checkpoint.with_suffix(".tmp")
        torch.save(state, temporary)
        os.replace(temporary, self.checkpoint)

    def update(self, batch: Batch, done: float) -> float:
        """One optimizer step at the rate for a run of which the share ``done`` is over; returns the loss.

        Raises:
            FloatingPointError: the loss is not finite; the checkpoint on disk is from before.
        """
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(self.progress.step, done, group["peak"])
        with torch.autocast(self.device.type, torch.bfloat16):
            loss = self.model.loss(*(tensor.to(self.device) for tensor in batch), smoothing=0.1)
        if not math.isfinite(loss.item()):
            raise FloatingPointError(f"loss is {loss.item()} at step {self.progress.step}")
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.progress.step += 1
        # The average's memory grows to 1,000 steps, so that it forgets the random start.
        decay = min(0.999, self.progress.step / (self.progress.step + 100))
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                self.average[name].lerp_(parameter, 1 - decay)
        return loss.item()


def seen_from(text: str) -> dict[str, float]:
    """ "real=8,lists=0.5" as a dictionary."""
    chosen = {part: float(times) for part, _, times in (entry.partition("=") for entry in text.split(","))}
    if unknown := chosen.keys() - set(PARTS):
        raise argparse.ArgumentTypeError(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return chosen


def train(args: argparse.Namespace) -> None:
    """Runs or goes on until the budget is spent, saving as it goes."""
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    pairs = Pairs(args.data, args.batch_tokens, args.seed, SEEN | args.seen)
    digest = hashlib.sha256((args.data / "pairs.npz").read_bytes()).hexdigest()
    vocabulary = sentencepiece.SentencePieceProcessor(model_file=str(args.data / "sentencepiece.model"))
    trainer = Trainer(args.data, Shape(vocabulary=vocabulary.get_piece_size()), args.lr, digest, args.init)
    progress, started, seen, total = trainer.progress, monotonic(), 0, 0.0
    budget = Budget(args.steps, args.until, progress.seconds)
    for epoch, position, batch in pairs.batches_from(progress.epoch, progress.position):
        if (done := budget.done(progress.step)) >= 1:
            break
        total += trainer.update(batch, done)
        progress.epoch, progress.position, seen = epoch, position, seen + len(batch[0])
        if progress.step % args.log_every == 0:
            seconds = monotonic() - started
            progress.seconds += seconds
            print(
                f"step {progress.step} epoch {epoch} loss {total / args.log_every:.3f} {seen / seconds:.0f} pairs/s"
                f" {progress.seconds / 60:.0f} min, {done:.1%} done",
                flush=True,
            )
            started, seen, total = monotonic(), 0, 0.0
        if progress.step % args.save_every == 0:
            trainer.save()
    trainer.save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("build/mini_nmt"))
    parser.add_argument("--steps", type=int, default=10_500)
    parser.add_argument("--until", metavar="HH:MM", help="run until this time of the day instead")
    parser.add_argument("--batch-tokens", type=int, default=5000, help="source and target pieces in a batch")
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--init", type=Path, help="folder of an earlier run, or a converted model, to start from")
    parser.add_argument(
        "--seen", type=seen_from, default={}, metavar="PART=TIMES,...", help=f"times an epoch, else {SEEN}"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log-every", type=int, default=50)
    parser.add_argument("--save-every", type=int, default=200)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
