"""A whole C2KD training, teachers and evaluations included: ours beside the published code's, stated again.

    python benchmarks/training.py                 # seconds of each part, ratio, and share of the machine's peak
    python benchmarks/training.py --overhead      # share of a step of the smallest recipe that is not its arithmetic

Shape: YouCook2's, scaled down: its 10 epochs, 64 clips x 9 languages a step, 30 frames, 3 teachers and a student, an
evaluation after every epoch on a third as many clips as are trained on; fewer clips, and smaller encoders.

The published training, in our words: each of the four models is trained by itself; the loader tokenizes every text of a
batch anew in each epoch, with the teachers' tokenizers too, padded to 35; each language goes through the encoder by
itself; all frames go through every block; the student's steps run the teachers again; evaluation pads to 40. Both start
from the same weights, see the same batches, and have no dropout, so that their losses must agree, and are checked to.
Ours is ``multiyoucook2.train`` as it is, with everything that it writes. All in float32 on the CPU.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from accelerate import Accelerator
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from train_step import LANGS, bert_encoder, captions_of, plain_video

from multiyoucook2.features.store import write_store
from multiyoucook2.progress import Silent
from multiyoucook2.retrieval.data.batches import Batches
from multiyoucook2.retrieval.data.tokens import Tokens
from multiyoucook2.retrieval.evaluation.ranking import rank_both_ways
from multiyoucook2.retrieval.evaluation.runfiles import read_metrics
from multiyoucook2.retrieval.model.towers import TextVideoModel
from multiyoucook2.retrieval.objectives.losses import distillation_loss, symmetric_info_nce
from multiyoucook2.retrieval.objectives.similarity import cosine_similarity
from multiyoucook2.retrieval.objectives.teachers import reduce_similarities
from multiyoucook2.retrieval.recipe import TrainingRecipe, teacher_recipe, training_recipe
from multiyoucook2.retrieval.training import loop
from multiyoucook2.retrieval.training.preparing import Inputs, load_inputs, new_model
from multiyoucook2.retrieval.training.run import train

MAX_TOKENS, MAX_TOKENS_EVAL, FRAMES, VIDEO_DIM, TEACHERS = 35, 40, 30, 512, 3


def write_data(folder: Path, clips: int, ranked: int) -> None:
    """A data set of random captions in the published format, and features of random numbers."""
    found = captions_of(clips + ranked)
    parts = {"train": slice(0, clips), "validation": slice(clips, None)}
    configs = []
    for lang in LANGS:
        (folder / "data" / lang).mkdir(parents=True)
        files = [{"split": split, "path": f"{lang}/{split}.parquet"} for split in parts]
        for file, part in zip(files, parts.values(), strict=True):
            texts = [of[0] for of in found.texts[lang][part]]
            pq.write_table(
                pa.table({"clip_id": found.clip_ids[part], "caption": texts}), folder / "data" / file["path"]
            )
        configs.append({"config_name": lang, "data_files": files})
    (folder / "data/README.md").write_text(f"---\n{json.dumps({'configs': configs})}\n---\n")
    random = np.random.default_rng(1)
    frames = ((clip, random.standard_normal((FRAMES, VIDEO_DIM), dtype=np.float32)) for clip in found.clip_ids)
    write_store(folder / "features", frames, name="random")


def write_encoders(folder: Path, arguments: argparse.Namespace) -> list[str]:
    """Folders of encoders of the same shape with random weights: the student's, then the teachers'."""
    texts = [text for of in captions_of(64).texts.values() for options in of for text in options]
    paths = []
    for seed in range(TEACHERS + 1):
        encoder: Any = bert_encoder(texts, arguments.layers, seed, trainable=True, hidden=arguments.hidden)
        path = folder / f"encoder-{seed}"
        encoder.network.save_pretrained(path)
        encoder.tokenizer.save_pretrained(path)
        paths.append(str(path))
    return paths


def plan_of(encoders: list[str], arguments: argparse.Namespace) -> TrainingRecipe:
    names = [f"teacher-{number}" for number in range(1, TEACHERS + 1)]
    width = {"hidden_dim": arguments.hidden, "embedding_dim": arguments.hidden}
    teachers = [{"name": name, "encoder": path} for name, path in zip(names, encoders[1:], strict=True)]
    values = {**width, "encoder": encoders[0], "teachers": teachers, "epochs": arguments.epochs, "evaluate_every": 1}
    return training_recipe("c2kd-youcook2", values | {"teacher_words": False, "batch_size": arguments.batch_size})


@dataclass
class Reference:
    """The published training; ``seconds`` by part, ``losses`` by model."""

    plan: TrainingRecipe
    inputs: Inputs
    seconds: Counter[str] = field(default_factory=Counter)
    losses: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[part] += time.perf_counter() - started

    def run(self) -> None:
        teachers = []
        for row in self.plan.teachers:
            teachers.append(self.train(teacher_recipe(self.plan, row), []))
        self.train(self.plan, teachers)

    def train(self, plan: TrainingRecipe, teachers: list[TextVideoModel]) -> TextVideoModel:
        """One model, by translate-train or from its teachers."""
        data, model = self.inputs.training_set(plan), new_model(plan, self.inputs)
        batches = Batches(data, batch_size=plan.batch_size, seed=plan.seed, max_frames=FRAMES)
        order: list[list[int]] = []
        optimizer = torch.optim.Adam(model.parameters(), lr=plan.lr)
        losses = self.losses.setdefault(plan.name, [])
        data.table = _Untouched()
        for epoch in range(plan.epochs):
            for group in optimizer.param_groups:
                group["lr"] = plan.lr * plan.lr_decay**epoch
            model.train()
            for batch in batches.rest_of_epoch():
                rows = batch.index_B.tolist()
                order.append(rows)
                tokens = self.tokens(model, teachers, rows)
                optimizer.zero_grad()
                with self.timed("steps"):
                    video_BE = plain_video(model, batch.video_BTD, batch.mask_BT)
                    target_BB = self.target(teachers, tokens, batch.video_BTD, batch.mask_BT)
                    loss = torch.zeros(())
                    for lang in LANGS:
                        sim_BB = cosine_similarity(model.encode_text(tokens[lang]), video_BE)
                        loss = loss + loss_of(plan, sim_BB, target_BB)
                    loss.backward()
                    optimizer.step()
                losses.append(loss.item())
            with self.timed("evaluations"):
                self.evaluate(model)
        return model.eval().requires_grad_(False)

    def tokens(self, model: TextVideoModel, teachers: list[TextVideoModel], rows: list[int]) -> dict[Any, Tokens]:
        """As the loader makes them: text by text, every language, and English once more for each teacher."""
        with self.timed("tokenizing"):
            texts = {lang: [self.inputs.captions.texts[lang][row][0] for row in rows] for lang in LANGS}
            found: dict[Any, Tokens] = {lang: padded(model, texts[lang], MAX_TOKENS) for lang in LANGS}
            for number, teacher in enumerate(teachers):
                found[number] = padded(teacher, texts["en"], MAX_TOKENS)
        return found

    def target(
        self, teachers: list[TextVideoModel], tokens: dict[Any, Tokens], video_BTD: Tensor, mask_BT: Tensor
    ) -> Tensor | None:
        if not teachers:
            return None
        with self.timed("  teachers in the student's steps"), torch.no_grad():
            sims = [
                cosine_similarity(one.encode_text(tokens[number]), plain_video(one, video_BTD, mask_BT))
                for number, one in enumerate(teachers)
            ]
            return reduce_similarities(torch.stack(sims), reduce=self.plan.reduce)

    @torch.no_grad()
    def evaluate(self, model: TextVideoModel) -> None:
        model.eval()
        captions = self.inputs.validation
        rows = self.inputs.store.rows(captions.clip_ids)
        size, parts = self.plan.batch_size, range(0, len(rows), self.plan.batch_size)
        raw = [self.inputs.store.gather(rows[first : first + size], max_frames=FRAMES) for first in parts]
        video_CE = torch.cat([plain_video(model, torch.from_numpy(x), torch.from_numpy(mask)) for x, mask in raw])
        numbers = np.arange(len(rows))
        for lang in LANGS:
            texts = [of[0] for of in captions.texts[lang]]
            of_lang = [
                model.encode_text(padded(model, texts[first : first + size], MAX_TOKENS_EVAL)) for first in parts
            ]
            rank_both_ways(torch.cat(of_lang), numbers, video_CE, numbers)


class _Untouched:
    """In the place of the texts that ours tokenizes once."""

    def take(self, rows: Any) -> Tensor:
        return torch.zeros(len(rows), 1)


def padded(model: TextVideoModel, texts: list[Any], length: int) -> Tokens:
    """Each text by itself, padded to the full length."""
    encoder: Any = model.encoder
    found = [
        encoder.tokenizer(text, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
        for text in texts
    ]
    ids, mask = (torch.cat([one[name] for one in found]) for name in ("input_ids", "attention_mask"))
    return Tokens(ids, mask)


def loss_of(plan: TrainingRecipe, sim_BB: Tensor, target_BB: Tensor | None) -> Tensor:
    contrastive = symmetric_info_nce(sim_BB, temperature=plan.temperature)
    if target_BB is None:
        return contrastive
    distilled = distillation_loss(sim_BB, target_BB, temperature=plan.distillation_temperature)
    return plan.contrastive_weight * contrastive + (1 - plan.contrastive_weight) * distilled


class Clock(Silent):
    """When models were started and finished."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def finished(self, what: str, *, skipped: bool, seconds: float, counts: Any) -> None:
        self.seconds[what] += seconds


def flops_of(run: Callable[[], object]) -> int:
    """Floating point operations as torch counts them: products and attention. Counting takes time: never timed."""
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()


def peak_gflops(size: int = 1536, repeats: int = 8) -> float:
    """What a plain product of large matrices reaches, float32."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / min(seconds) / 1e9


def compare(scratch: Path, arguments: argparse.Namespace) -> None:
    write_data(scratch, arguments.clips, arguments.clips // 3)
    plan = plan_of(write_encoders(scratch, arguments), arguments)
    files: dict[str, Any] = {"dataset": scratch / "data", "features": scratch / "features"}
    clock, started = Clock(), time.perf_counter()
    train(plan, **files, out=scratch / "run", device="cpu", listener=clock)
    ours = time.perf_counter() - started

    inputs = load_inputs(
        plan, **files, accelerator=Accelerator(cpu=True), listener=Silent(), offline=True, threads=None
    )
    reference, started = Reference(plan, inputs), time.perf_counter()
    reference.run()
    theirs = time.perf_counter() - started
    check(scratch / "run", plan, reference)

    steps = arguments.clips // arguments.batch_size * arguments.epochs * (TEACHERS + 1)
    print(
        f"{arguments.clips} clips (YouCook2: 10,337), {arguments.clips // 3} to rank, {arguments.epochs} epochs, "
        f"{arguments.batch_size} x {len(LANGS)} texts a step, {steps} steps of {TEACHERS} teachers and the student; "
        f"BERT of {arguments.layers} layers, width {arguments.hidden}; {torch.get_num_threads()} threads; losses agree"
    )
    for name, seconds, parts in (("the published training", theirs, reference.seconds), ("ours", ours, clock.seconds)):
        print(f"{name:36}{seconds:9.1f} s")
        for part, of_part in parts.items():
            print(f"  {part:34}{of_part:9.1f} s{100 * of_part / seconds:6.0f}%")
    print(f"{'times faster, end to end':36}{theirs / ours:9.2f}")
    short = plan.model_copy(update={"epochs": 1})
    flops = [
        arguments.epochs * flops_of(run)
        for run in (
            lambda: Reference(short, inputs).run(),
            lambda: train(short, **files, out=scratch / "short", device="cpu"),
        )
    ]
    peak = peak_gflops()
    shares = [100 * of / seconds / 1e9 / peak for of, seconds in zip(flops, (theirs, ours), strict=True)]
    print(
        f"arithmetic: theirs {flops[0] / 1e12:.2f} Tflop, ours {flops[1] / 1e12:.2f}: {flops[0] / flops[1]:.2f} times"
    )
    print(f"large matrices reach {peak:.0f} Gflop/s; theirs {shares[0]:.0f}% of that, ours {shares[1]:.0f}%")
    print(f"ours would be 4 times as fast as theirs at {4 * shares[1] * ours / theirs:.0f}%")


def check(run: Path, plan: TrainingRecipe, reference: Reference) -> None:
    """Both trained the same: the losses of all steps agree."""
    folders = {f"teacher-{row.name}": run / "teachers" / row.name for row in plan.teachers} | {plan.name: run}
    for name, folder in folders.items():
        mine = [line["loss"] for line in read_metrics(folder) if line["kind"] == "step"]
        if not np.allclose(mine, reference.losses[name], rtol=2e-3):
            raise SystemExit(f"{name}: the losses differ: {mine[-3:]} and {reference.losses[name][-3:]}")


def overhead(scratch: Path, arguments: argparse.Namespace) -> None:
    """Time the gradient and the optimizer within the loop; all else of a step is the loop's own."""
    write_data(scratch, 32 * arguments.steps, 32)
    inner = Counter[str]()
    accumulate, step = loop.accumulate_gradients, torch.optim.AdamW.step

    def timed(name: str, run: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            started = time.perf_counter()
            found = run(*given, **named)
            inner[name] += time.perf_counter() - started
            return found

        return call

    class Loop(Clock):
        def progress(self, done: int, total: int, figures: Any = None) -> None:
            if total != arguments.steps:  # of the evaluation that follows
                return
            if done == 5:  # warm
                inner.clear()
                self.started_at = time.perf_counter()
            self.ended_at = time.perf_counter()

    listener = Loop()
    loop.accumulate_gradients = timed("gradient", accumulate)
    torch.optim.AdamW.step = timed("optimizer", step)  # type: ignore[method-assign]
    try:
        train(
            "translate-train-tiny", dataset=scratch / "data", features=scratch / "features", out=scratch / "run",
            device="cpu", threads=arguments.threads, listener=listener, overrides={"epochs": 1, "evaluate_every": 0},
        )  # fmt: skip
    finally:
        loop.accumulate_gradients, torch.optim.AdamW.step = accumulate, step  # type: ignore[method-assign]
    steps, wall = arguments.steps - 5, listener.ended_at - listener.started_at
    own = wall - sum(inner.values())
    print(f"translate-train-tiny, 32 x {len(LANGS)} texts, {steps} steps, {arguments.threads} threads")
    for name, seconds in (("a step", wall), *inner.items(), ("the loop's own", own)):
        print(f"{name:16}{1000 * seconds / steps:9.2f} ms{100 * seconds / wall:7.1f}%")


def main() -> None:
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--overhead", action="store_true")
    parser.add_argument("--steps", type=int, default=60, help="of --overhead")
    parser.add_argument("--threads", type=int, default=1, help="of --overhead")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        (overhead if arguments.overhead else compare)(Path(scratch), arguments)


if __name__ == "__main__":
    main()
