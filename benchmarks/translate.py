"""Sentences a second: ``translate_table`` beside ``transformers.generate`` and beside bare ``translate_batch`` calls.

    python benchmarks/translate.py --annotations youcookii_annotations_trainval.json --limit 4000

One model serves all rows: Marian of OPUS-MT base size (6+6 layers, width 512, 58,101 tokens), random weights, beam 4.
A random model does not know when to stop, so its end token is switched off and each output is as long as the longest
source of its batch, which is about as long as real translations are. The peer gets batches of 32 in the captions'
order, as a user would write it. ``translate_table`` is timed with all that it does: hashing and loading the model,
tokenization, planning, checks, the memory's shards. "With a map" has the output restricted to 2,000 tokens.
"""

import argparse
import json
import os
import random
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from multiyoucook2.engines.ctranslate2 import usable_cores
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.registry import FAMILIES, MINI_FOLDER
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.translation.batches import Item, plan_batches
from multiyoucook2.translation.memory import TranslationMemory
from multiyoucook2.translation.table import translate_table

VOCABULARY, MAP_SIZE, PEER_BATCH = 58_101, 2_000, 32
BUNDLED = MINI_FOLDER.parent / "annotations.json"
DECODING = Decoding(beam_size=4, max_length_factor=1.0, max_length_extra=0, retry=False)  # type: ignore[call-arg]


def read_captions(path: Path, limit: int) -> list[str]:
    """Distinct captions of an annotation file, in a fixed random order."""
    database = json.loads(path.read_text(encoding="utf-8"))["database"]
    captions = {row["sentence"].strip() for video in database.values() for row in video["annotations"]}
    ordered = sorted(captions)
    random.Random(0).shuffle(ordered)
    return ordered[:limit]


def random_marian(folder: Path, captions: list[str]) -> Path:
    """A Marian model of OPUS-MT base size that never ends a sentence; its pieces are trained on the captions."""
    import sentencepiece
    import torch
    import transformers

    folder.mkdir()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(captions), model_prefix=str(folder / "source"), vocab_size=8000, hard_vocab_limit=False,
        minloglevel=2,
    )  # fmt: skip
    (folder / "source.model").rename(folder / "source.spm")
    shutil.copyfile(folder / "source.spm", folder / "target.spm")
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    pieces = [processor.id_to_piece(i) for i in range(processor.get_piece_size())]
    tokens = [*dict.fromkeys(["</s>", "<unk>", *(piece for piece in pieces if piece != "<s>")])]
    tokens += [f"▁{number}x" for number in range(VOCABULARY - 1 - len(tokens))]
    vocabulary = {token: number for number, token in enumerate([*tokens, "<pad>"])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    pad = vocabulary["<pad>"]
    torch.manual_seed(0)
    config = transformers.MarianConfig(
        vocab_size=VOCABULARY, d_model=512, encoder_layers=6, decoder_layers=6, encoder_attention_heads=8,
        decoder_attention_heads=8, encoder_ffn_dim=2048, decoder_ffn_dim=2048, max_position_embeddings=512,
        pad_token_id=pad, eos_token_id=0, decoder_start_token_id=pad, bos_token_id=None, forced_eos_token_id=None,
        activation_function="swish", static_position_embeddings=True, scale_embedding=True,
    )  # fmt: skip
    model = transformers.MarianMTModel(config)
    model.final_logits_bias[0, [0, pad]] = -1e4
    model.save_pretrained(folder)
    transformers.MarianTokenizer(
        *(str(folder / n) for n in ("source.spm", "target.spm", "vocab.json"))
    ).save_pretrained(folder)
    return folder


def convert(source: Path, folder: Path) -> Path:
    """The same weights for CTranslate2, int8."""
    from ctranslate2.converters import TransformersConverter

    TransformersConverter(str(source)).convert(str(folder), quantization="int8")
    for name in ("source.spm", "target.spm"):
        shutil.copyfile(source / name, folder / name)
    return folder


def with_map(engine: Path, folder: Path, tokens: list[str]) -> Path:
    """A copy of a converted model that ships a vocabulary map of these tokens."""
    shutil.copytree(engine, folder)
    (folder / "vmap.txt").write_text("\t" + " ".join(tokens) + "\n", encoding="utf-8")
    (folder / "mycook.json").write_text(json.dumps({"family": "marian", "vocabulary_map": True}), encoding="utf-8")
    return folder


def time_peer(source: Path, captions: list[str], threads: int) -> float:
    """Seconds that ``transformers.generate`` takes for the captions, the model loaded before."""
    import torch
    import transformers

    torch.set_num_threads(threads)
    tokenizer = transformers.MarianTokenizer.from_pretrained(source)
    model = transformers.MarianMTModel.from_pretrained(source).eval()
    started = time.perf_counter()
    with torch.inference_mode():
        for start in range(0, len(captions), PEER_BATCH):
            inputs = tokenizer(captions[start : start + PEER_BATCH], return_tensors="pt", padding=True)
            longest = int(inputs.input_ids.shape[1])
            output = model.generate(**inputs, num_beams=4, max_new_tokens=longest, do_sample=False)
            tokenizer.batch_decode(output, skip_special_tokens=True)
    return time.perf_counter() - started


def time_bare(engine: Path, captions: list[str], threads: int, *, use_map: bool) -> float:
    """Seconds of the ``translate_batch`` calls alone: tokens are ready, the same batches queued, results dropped."""
    import ctranslate2

    tokenization = FAMILIES.find("marian").tokenization(engine, None, None)
    items = [Item(text, source) for text, source in zip(captions, tokenization.encode(captions), strict=True)]
    batches = plan_batches(items, DECODING.batch_tokens)
    translator = ctranslate2.Translator(str(engine), inter_threads=threads, intra_threads=1, max_queued_batches=-1)
    started = time.perf_counter()
    waiting = [
        translator.translate_batch(
            [list(item.source.tokens) for item in batch], beam_size=4, max_decoding_length=len(batch[-1].source.tokens),
            asynchronous=True, use_vmap=use_map, return_scores=True,
        )
        for batch in batches
    ]  # fmt: skip
    for batch in waiting:
        for row in batch:
            row.result()
    return time.perf_counter() - started


def time_ours(engine: Path, captions: list[str], threads: int, work: Path) -> float:
    """Seconds of ``translate_table`` from the captions to the finished table, into an empty memory."""
    rows = pa.table({"clip_id": [str(row) for row in range(len(captions))], "text": captions})
    started = time.perf_counter()
    table = translate_table(
        rows, engine=resolve(str(engine), "de", cache_dir=work / "cache", offline=True), decoding=DECODING,
        device="cpu", threads=threads, memory=TranslationMemory(work / f"memory-{engine.name}"),
    )  # fmt: skip
    assert len(table) == len(captions)
    return time.perf_counter() - started


def measure(texts: list[str], peer_texts: list[str], threads: int) -> list[dict[str, Any]]:
    """All rows of the table, measured one after the other in this process."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        source = random_marian(work / "transformers", texts)
        full = convert(source, work / "full")
        tokens = [f"▁{number}x" for number in range(MAP_SIZE)]
        mapped = with_map(full, work / "mapped", tokens)
        runs: list[tuple[str, int, Callable[[], float]]] = [
            ("transformers.generate, batch 32", len(peer_texts), lambda: time_peer(source, peer_texts, threads)),
            ("translate_batch alone", len(texts), lambda: time_bare(full, texts, threads, use_map=False)),
            ("translate_table", len(texts), lambda: time_ours(full, texts, threads, work)),
            ("translate_batch alone, with a map", len(texts), lambda: time_bare(mapped, texts, threads, use_map=True)),
            ("translate_table, with a map", len(texts), lambda: time_ours(mapped, texts, threads, work)),
        ]
        rows = []
        for name, count, run in runs:
            seconds = run()
            rows.append({"what": name, "sentences": count, "seconds": seconds, "per_second": count / seconds})
    for row in rows:
        row["times_peer"] = row["per_second"] / rows[0]["per_second"]
    for bare, ours in ((1, 2), (3, 4)):
        rows[ours]["overhead"] = rows[ours]["seconds"] / rows[bare]["seconds"] - 1
    return rows


def print_table(rows: list[dict[str, Any]], threads: int) -> None:
    """The rows on the terminal."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Marian 6+6 x 512, beam 4, {threads} CPU threads")
    table.add_column("")
    for heading in ("sentences", "seconds", "a second", "x transformers", "over bare calls"):
        table.add_column(heading, justify="right")
    for row in rows:
        overhead = f"{row['overhead']:+.1%}" if "overhead" in row else ""
        figures = (f"{row['seconds']:.1f}", f"{row['per_second']:.1f}", f"{row['times_peer']:.1f}", overhead)
        table.add_row(row["what"], str(row["sentences"]), *figures)
    Console().print(table)


def main() -> None:
    """Parses the arguments, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annotations", type=Path, default=BUNDLED, help="annotation file; default: the bundled one")
    parser.add_argument("--limit", type=int, default=4000, help="distinct captions (default 4000)")
    parser.add_argument("--peer-limit", type=int, default=320, help="captions for transformers.generate (default 320)")
    parser.add_argument("--threads", type=int, default=usable_cores(), help="default: all usable cores")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    arguments = parser.parse_args()
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
    captions = read_captions(arguments.annotations, arguments.limit)
    rows = measure(captions, captions[: arguments.peer_limit], arguments.threads)
    if arguments.json:
        print(json.dumps(rows, indent=1))
    else:
        print_table(rows, arguments.threads)


if __name__ == "__main__":
    main()
