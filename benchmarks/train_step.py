"""Seconds a C2KD training step: ours beside a plain step, as published trainers write it. Peak memory with caching.

    python benchmarks/train_step.py                                # BERT-base shape, batch 64 x 9 languages
    python benchmarks/train_step.py --shape tiny                   # the tiny encoder
    python benchmarks/train_step.py --frozen                       # the text tower frozen
    python benchmarks/train_step.py --memory                       # peak memory, batch 64 plain, batch 512 cached

The plain step tokenizes in the data loader, pads each text to 35 tokens, runs each language by itself, and runs three
frozen teachers on the English texts and the videos again. Ours tokenizes once, runs all languages in length buckets,
looks the teachers' embeddings up, and computes the video tower's last block for the one position that is read. Both
have the same weights, float32, no dropout, and must give the same loss to 1e-4 relative. Captions are random words of 5
to 25 tokens, 14 on average; all weights are random.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from multiyoucook2.corpus.captions import Captions
from multiyoucook2.features.store import FeatureStore, write_store
from multiyoucook2.retrieval.data.batches import Batch, Batches, TrainingSet
from multiyoucook2.retrieval.data.tokens import pad_tokens, pass_overhead
from multiyoucook2.retrieval.evaluation.embed import embed_texts, embed_videos, encode_sentences
from multiyoucook2.retrieval.model.encoders import EncoderSpec, TextEncoder, tiny_encoder
from multiyoucook2.retrieval.model.encoders.tiny import TinyConfig
from multiyoucook2.retrieval.model.encoders.transformers import TransformersEncoder
from multiyoucook2.retrieval.model.towers import ModelConfig, TextVideoModel
from multiyoucook2.retrieval.objectives.loss import BatchEmbeddings
from multiyoucook2.retrieval.objectives.losses import distillation_loss, symmetric_info_nce
from multiyoucook2.retrieval.objectives.similarity import cosine_similarity
from multiyoucook2.retrieval.objectives.teachers import TeacherEmbeddings, reduce_similarities
from multiyoucook2.retrieval.recipe import training_recipe
from multiyoucook2.retrieval.training.processes import seed_everything
from multiyoucook2.retrieval.training.step import accumulate_gradients

LANGS = ("en", "de", "fr", "cs", "zh", "ru", "vi", "es", "ja")
MAX_TOKENS, FRAMES, VIDEO_DIM, TEACHERS = 35, 30, 512, 3


def captions_of(clips: int) -> Captions:
    """Random captions: sums of letters, 3 to 23 words, 12 on average (two special tokens come on top)."""
    random = np.random.default_rng(0)
    words = ["".join(random.choice(list("aeioustrnl"), 4)) for _ in range(500)]
    texts = {
        lang: [(" ".join(random.choice(words, np.clip(random.poisson(12), 3, 23))),) for _ in range(clips)]
        for lang in LANGS
    }
    return Captions("benchmark", "0" * 64, "train", [f"clip_{row}" for row in range(clips)], texts)


def bert_encoder(texts: list[str], layers: int, seed: int, *, trainable: bool, hidden: int = 768) -> TextEncoder:
    """A BERT, of base width by default, with random weights and no dropout; one token a word."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = sorted({word for text in texts for word in text.split()})
    vocabulary = {token: row for row, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    torch.manual_seed(seed)
    shape = BertConfig(
        vocab_size=30_000, num_hidden_layers=layers, hidden_size=hidden, num_attention_heads=hidden // 64,
        intermediate_size=4 * hidden, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    network = BertModel(shape, add_pooling_layer=False)
    return TransformersEncoder(
        EncoderSpec("bert", "", max_length=40), network, fast, shape.hidden_size, trainable=trainable
    )


@dataclass
class Setting:
    """What both steps work on."""

    captions: Captions
    store: FeatureStore
    student: TextVideoModel
    teachers: list[TextVideoModel]
    data: TrainingSet


def prepare(scratch: Path, arguments: argparse.Namespace, clips: int) -> Setting:
    captions = captions_of(clips)
    random = np.random.default_rng(1)
    frames = ((clip, random.standard_normal((FRAMES, VIDEO_DIM), dtype=np.float32)) for clip in captions.clip_ids)
    store = write_store(scratch / "features", frames, name="random")
    texts = [text for found in captions.texts.values() for options in found for text in options]

    def model(seed: int, *, trainable: bool = True) -> TextVideoModel:
        seed_everything(seed)
        if arguments.shape == "tiny":
            encoder = tiny_encoder(texts, config=TinyConfig(vocab_size=2000))
            encoder.trainable = trainable
            encoder.requires_grad_(trainable)
            return TextVideoModel(ModelConfig(VIDEO_DIM, embedding_dim=128, hidden_dim=128), encoder)
        return TextVideoModel(ModelConfig(VIDEO_DIM), bert_encoder(texts, arguments.layers, seed, trainable=trainable))

    teachers = [model(seed).eval().requires_grad_(False) for seed in range(1, TEACHERS + 1)]
    return Setting(captions, store, model(0, trainable=not arguments.frozen), teachers, TrainingSet(captions, store))


def plain_video(model: TextVideoModel, video_BTD: Tensor, mask_BT: Tensor) -> Tensor:
    """All blocks on all frames, though only the first position of the last one is read."""
    tower = model.video
    frames_BTH = tower.norm(tower.project(F.normalize(video_BTD, dim=-1)))
    x_BTH = torch.cat([tower.cls_token.expand(len(frames_BTH), 1, -1), frames_BTH], dim=1)
    for block in tower.blocks:
        x_BTH = block(x_BTH, F.pad(mask_BT, (1, 0), value=True))
    embedded: Tensor = tower.embed(x_BTH[:, 0])
    return embedded


def plain_step(setting: Setting, index_B: list[int]) -> Tensor:
    """As published trainers write it; gradients are left on the student."""
    recipe = training_recipe("c2kd-youcook2")
    student, teachers, captions = setting.student, setting.teachers, setting.captions
    raw, mask_BT = setting.store.gather(index_B, max_frames=FRAMES)
    video_BTD, frames_BT = torch.from_numpy(raw), torch.from_numpy(mask_BT)

    def tokens(model: TextVideoModel, lang: str) -> Any:
        """Tokenized for this batch, padded to 35."""
        ids = model.encoder.tokenize([captions.texts[lang][row][0] for row in index_B], max_length=MAX_TOKENS)
        padded = pad_tokens([*ids, [0] * MAX_TOKENS], model.encoder.pad_id)
        return type(padded)(padded.ids_NL[:-1], padded.mask_NL[:-1])

    with torch.no_grad():
        sims = [
            cosine_similarity(one.encode_text(tokens(one, "en")), plain_video(one, video_BTD, frames_BT))
            for one in teachers
        ]
    teacher_BB = reduce_similarities(torch.stack(sims), reduce=recipe.reduce)
    video_BE = plain_video(student, video_BTD, frames_BT)
    loss = torch.zeros(())
    for lang in LANGS:
        sim_BB = cosine_similarity(student.encode_text(tokens(student, lang)), video_BE)
        contrastive = symmetric_info_nce(sim_BB, temperature=recipe.temperature)
        distilled = distillation_loss(sim_BB, teacher_BB, temperature=recipe.distillation_temperature)
        weight = recipe.contrastive_weight
        loss = loss + weight * contrastive + (1 - weight) * distilled
    loss.backward()
    return loss.detach()


def our_loss(setting: Setting) -> Callable[[BatchEmbeddings], Tensor]:
    """The teachers run once; from then on they are looked up."""
    english = [found[0] for found in setting.captions.texts["en"]]
    rows = list(range(len(english)))
    pairs = [
        (
            embed_texts(model, english, max_length=MAX_TOKENS, device="cpu"),
            embed_videos(model, setting.store, rows, device="cpu"),
        )
        for model in setting.teachers
    ]
    teachers = TeacherEmbeddings(pairs, torch.arange(len(english))[:, None])  # one caption a clip
    objective = training_recipe("c2kd-youcook2").loss(LANGS)

    def loss_of(found: BatchEmbeddings) -> Tensor:
        clips = (found.index_B, found.caption_B)
        loss: Tensor = objective(found, teachers.similarities(*clips), teachers.taught(*clips))
        return loss

    return loss_of


def prepare_texts(setting: Setting, arguments: argparse.Namespace, chunk: int | None) -> None:
    """Tokenized once, or encoded once; with a chunk, parts hold as many tokens as that many clips have."""
    encoder, data = setting.student.encoder, setting.data
    if arguments.frozen:
        data.use_vectors(encode_sentences(encoder, data.texts, max_length=MAX_TOKENS, device="cpu"))
        return
    lengths = [len(ids) for ids in encoder.tokenize(data.texts[:2000], max_length=MAX_TOKENS)]
    bound = round(chunk * len(LANGS) * float(np.mean(lengths))) if chunk else None
    data.tokenize(encoder, max_length=MAX_TOKENS, overhead=pass_overhead("cpu"), max_tokens=bound)


def batches_of(setting: Setting, batch_size: int) -> list[Batch]:
    return list(Batches(setting.data, batch_size=batch_size, seed=0, max_frames=FRAMES).rest_of_epoch())


def compare_speed(scratch: Path, arguments: argparse.Namespace) -> None:
    setting = prepare(scratch, arguments, arguments.batch_size * (arguments.steps + 1))
    setting.student.train()
    started = time.perf_counter()
    loss_of = our_loss(setting)
    prepare_texts(setting, arguments, None)
    once = time.perf_counter() - started
    seconds: dict[str, list[float]] = {"plain": [], "ours": []}
    for number, batch in enumerate(batches_of(setting, arguments.batch_size)):
        losses = {}
        for name in ("plain", "ours"):
            setting.student.zero_grad()
            started = time.perf_counter()
            if name == "plain":
                losses[name] = plain_step(setting, batch.index_B.tolist())
            else:
                fresh = setting.data.batch(
                    batch.index_B.numpy(), np.zeros(len(batch.index_B), dtype=np.int64), max_frames=FRAMES
                )
                losses[name] = accumulate_gradients(setting.student, fresh, loss_of, languages=LANGS, key=(number,))
            if number:  # the first warms up
                seconds[name].append(time.perf_counter() - started)
        difference = abs(float(losses["ours"]) / float(losses["plain"]) - 1)
        if difference > 1e-4:
            raise SystemExit(f"the losses differ: {losses}")
    plain, ours = (float(np.median(found)) for found in seconds.values())
    shape = f"{arguments.shape}, {'frozen' if arguments.frozen else 'trainable'} text, batch {arguments.batch_size} x 9"
    print(f"{shape}; median of {arguments.steps} steps, losses equal to 1e-4; {torch.get_num_threads()} threads")
    print(f"{'plain step':28}{plain:10.3f} s\n{'ours':28}{ours:10.3f} s\n{'times faster':28}{plain / ours:10.2f}")
    print(f"{'ours, once before training':28}{once:10.3f} s for {len(setting.data):,} clips")


def peak_memory(arguments: argparse.Namespace) -> None:
    """Each setting in a process of its own, whose peak resident memory is read at its end."""
    found = {}
    for name, batch_size, chunk in (("batch 64, plain", 64, 0), ("batch 512, cached by 64", 512, 64)):
        command = [sys.executable, __file__, "--shape", arguments.shape, "--layers", str(arguments.layers)]
        command += ["--one-step", f"{batch_size},{chunk}"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found[name] = json.loads(said)["peak_mib"]
        print(f"{name:28}{found[name]:10,.0f} MiB")
    small, large = found.values()
    print(f"{'ratio':28}{large / small:10.2f}")


def one_step(scratch: Path, arguments: argparse.Namespace) -> None:
    batch_size, chunk = (int(part) for part in arguments.one_step.split(","))
    setting = prepare(scratch, arguments, 512)  # the same data and weights in both
    prepare_texts(setting, arguments, chunk or None)
    loss_of = our_loss(setting)
    setting.teachers.clear()
    setting.student.train()
    for batch in batches_of(setting, batch_size)[:1]:
        accumulate_gradients(setting.student, batch, loss_of, languages=LANGS, key=(0,), chunk=chunk or None)
    print(json.dumps({"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=["bert", "tiny"], default="bert")
    parser.add_argument("--layers", type=int, default=12, help="of BERT")
    parser.add_argument("--frozen", action="store_true", help="train only what lies above the text encoder")
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--memory", action="store_true", help="peak memory instead of speed")
    parser.add_argument("--one-step", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if arguments.one_step:
            one_step(Path(scratch), arguments)
        elif arguments.memory:
            peak_memory(arguments)
        else:
            compare_speed(Path(scratch), arguments)


if __name__ == "__main__":
    main()
