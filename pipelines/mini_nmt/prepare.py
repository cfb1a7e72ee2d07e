"""Make the training text: ``python -m pipelines.mini_nmt.prepare --parallel DIR --out build/mini_nmt``.

Seven parts: captions of the grammar, its long lists, the hand-written captions, real ones (the English of
``--annotations``, translated by hand), an earlier model's own translations (of the build folder ``--own``), general
parallel text (from ``--parallel``, see the model card for sources and licences) and the lexicon itself; what needs
files that are not given is left out. Writes
``sentencepiece.model`` and ``pairs.npz``: token ids of every pair, flattened, with offsets, and each pair's part.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import sentencepiece

from .grammar import MODULES
from .leakage import words
from .text import (
    HANDWRITTEN,
    PARTS,
    Pair,
    general_pairs,
    grammar_pairs,
    handwritten_pairs,
    lexicon_pairs,
    own_pairs,
    real_pairs,
)

LONGEST = 80  # pieces a side; a list of nine has 60
# Pieces of their own: digit by digit, a small model loses count, and 400 becomes 4000 or 40.
USUAL_NUMBERS = [*range(10, 31), *range(35, 100, 5), *range(100, 501, 10), *range(125, 500, 50), 365, 600, 800, 1000]


def train_sentencepiece(pairs: list[Pair], out: Path, size: int, seed: int) -> sentencepiece.SentencePieceProcessor:
    """One unigram vocabulary for English and all targets, with byte fallback and the language tokens."""
    sample = random.Random(seed).sample(pairs, min(len(pairs), 250_000))
    # Hand-written and general text more often, so that their words become pieces.
    sample += [pair for pair in pairs if pair[0] in {"handwritten", "real"}] * 3
    lines = [text for _, _, english, target in sample for text in (english, target)]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_prefix=str(out / "sentencepiece"),
        model_type="unigram",
        vocab_size=size,
        character_coverage=0.9997,
        byte_fallback=True,
        split_digits=True,  # what is not usual is copied digit by digit
        user_defined_symbols=[str(number) for number in USUAL_NUMBERS],
        normalization_rule_name="identity",
        control_symbols=[f"<2{code}>" for code in sorted(MODULES)],
        input_sentence_size=400_000,
        shuffle_input_sentence=True,
        num_threads=2,
        minloglevel=1,
    )
    (out / "sentencepiece.vocab").unlink()
    return sentencepiece.SentencePieceProcessor(model_file=str(out / "sentencepiece.model"))


def encode(pairs: list[Pair], processor: sentencepiece.SentencePieceProcessor) -> dict[str, np.ndarray]:
    """Arrays ``source``, ``target`` (ids, flat), ``source_end``, ``target_end`` (offsets) and ``part``.

    A source is ``<2xx> pieces </s>``; a target its pieces alone. Pairs with an empty or over-long side are dropped.
    """
    eos = processor.eos_id()
    sources, targets, parts = [], [], []
    english = processor.encode([pair[2] for pair in pairs])
    foreign = processor.encode([pair[3] for pair in pairs])
    for (part, code, *_), source, target in zip(pairs, english, foreign, strict=True):
        if 0 < len(source) <= LONGEST and 0 < len(target) <= LONGEST:
            sources.append(np.array([processor.piece_to_id(f"<2{code}>"), *source, eos], np.uint16))
            targets.append(np.array(target, np.uint16))
            parts.append(PARTS.index(part))
    return {
        "source": np.concatenate(sources),
        "target": np.concatenate(targets),
        "source_end": np.cumsum([len(ids) for ids in sources]),
        "target_end": np.cumsum([len(ids) for ids in targets]),
        "part": np.array(parts, np.uint8),
    }


def all_pairs(args: argparse.Namespace) -> Iterator[Pair]:
    codes = args.langs.split(",")
    with ProcessPoolExecutor(max_workers=2) as pool:
        options = ([number] * len(codes) for number in (args.grammar, args.lists, args.seed))
        grammar = pool.map(grammar_pairs, codes, *options)
        for code, pairs in zip(codes, grammar, strict=True):
            yield from pairs
            yield from handwritten_pairs(code)
            if args.annotations:
                yield from real_pairs(code, args.annotations)
            if args.own:
                yield from own_pairs(code, args.own, args.own_quality)
            yield from lexicon_pairs(code)
    if args.parallel:
        domain = Counter(
            word for line in (HANDWRITTEN / "en.txt").read_text("utf-8").splitlines() for word in words(line)
        )
        for code in codes:
            yield from general_pairs(args.parallel, code, args.general, domain)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("build/mini_nmt"))
    parser.add_argument("--parallel", type=Path, help="folder of en-XX.tsv.gz files (source, English, target)")
    parser.add_argument("--annotations", type=Path, help="YouCook2's annotations, for the English of real captions")
    parser.add_argument("--own", type=Path, help="folder of a build of the real captions by an earlier model, repaired")
    parser.add_argument("--own-quality", type=float, default=0.6, help="least quality of its rows, 0 to 1")
    parser.add_argument("--langs", default=",".join(sorted(MODULES)))
    parser.add_argument("--grammar", type=int, default=120_000, help="captions of the grammar a language")
    parser.add_argument("--lists", type=int, default=30_000, help="its long lists a language")
    parser.add_argument("--general", type=int, default=25_000, help="general sentences a language, at most")
    parser.add_argument("--vocabulary", type=int, default=8000, help="pieces of the shared vocabulary")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sentencepiece", type=Path, help="an existing vocabulary, to go on training a model")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    pairs = list(dict.fromkeys(all_pairs(args)))
    if args.sentencepiece:
        (args.out / "sentencepiece.model").write_bytes(args.sentencepiece.read_bytes())
        processor = sentencepiece.SentencePieceProcessor(model_file=str(args.sentencepiece))
    else:
        processor = train_sentencepiece(pairs, args.out, args.vocabulary, args.seed)
    arrays = encode(pairs, processor)
    np.savez(args.out / "pairs.npz", allow_pickle=False, **arrays)
    counts = {f"{part} {code}": n for (part, code), n in sorted(Counter((p[0], p[1]) for p in pairs).items())}
    (args.out / "counts.json").write_text(json.dumps(counts, indent=1) + "\n")
    print(
        json.dumps(counts),
        f"{len(arrays['part'])} pairs, {len(arrays['target']) / len(arrays['part']):.1f} pieces a target",
    )


if __name__ == "__main__":
    main()
