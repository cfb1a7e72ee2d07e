"""Measure a translation model: ``python -m pipelines.mini_nmt.evaluate --annotations FILE --parallel DIR``.

chrF and BLEU against the bundled corpus' references (validation clips) and against two translations of each
development clip, with bootstrap 95% intervals; chrF on the general dev sets of ``--parallel`` for contrast; lists
of nouns that nobody has seen together, read off exactly; and on the validation captions of ``--annotations``, of which
none is in the training text, what needs no reference: the share in the right language and script, empty, looping,
copied, with a content word said twice, and with every number kept. ``--card`` writes the model card from these figures.
"""

import argparse
import csv
import gzip
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.sources.youcook2 import mini_annotations, read_clips
from multiyoucook2.translation.memory import TranslationMemory
from multiyoucook2.translation.table import translate_table

from .card import render_card
from .grammar import MODULES
from .measures import caption_shares, held_out_lists, reference_scores, said_twice
from .real import development_clips, development_references, read_translations

REFERENCES = Path(__file__).parent / "references"


class Engine:
    """A translation model under evaluation; what it translates is kept in ``folder``, for the next evaluation."""

    def __init__(self, name: str, decoding: Decoding, folder: Path) -> None:
        self.name, self.decoding, self.folder = name, decoding, folder

    def translate(self, texts: list[str], lang: str) -> pa.Table:
        captions = pa.table({"clip_id": [str(i) for i in range(len(texts))], "text": texts})
        return translate_table(
            captions,
            engine=resolve(self.name, lang, cache_dir=self.folder / "cache", offline=True),
            decoding=self.decoding,
            memory=TranslationMemory(self.folder / "memory"),
        )


def bundled_scores(engine: Engine, lang: str) -> dict[str, Any]:
    """chrF and BLEU on the validation clips of the bundled corpus."""
    clips = [clip for clip in read_clips(mini_annotations()).to_pylist() if clip["split"] == "validation"]
    texts = read_translations(REFERENCES / f"{lang}.tsv")
    hypotheses = engine.translate([clip["caption"] for clip in clips], lang).column("text").to_pylist()
    return reference_scores(hypotheses, [[texts[clip["clip_id"]] for clip in clips]], lang) | {"clips": len(clips)}


def dev_scores(engine: Engine, path: Path, lang: str) -> dict[str, Any]:
    """chrF on a general parallel file, for contrast: the model is made for recipes."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if len(row) == 3]
    hypotheses = engine.translate([row[1] for row in rows], lang).column("text").to_pylist()
    return reference_scores(hypotheses, [[row[2] for row in rows]], lang)


def development_scores(engine: Engine, lang: str, captions: dict[str, str]) -> dict[str, float]:
    """chrF on the development clips, and the same of one translator against the other; words said twice by both.

    ``captions`` is clip id -> English.
    """
    clip_ids = development_clips()
    english = [captions[clip_id] for clip_id in clip_ids]
    hypotheses = engine.translate(english, lang).column("text").to_pylist()
    references = development_references(lang, clip_ids)
    both = reference_scores(hypotheses, references, lang)
    twice = [said_twice(*pair, lang) for texts in references for pair in zip(english, texts, strict=True)]
    return {
        "development_chrf": both["chrf"],
        "development_interval": both["chrf_interval"],
        "first_chrf": reference_scores(hypotheses, references[:1], lang)["chrf"],
        "translators_chrf": reference_scores(references[1], references[:1], lang)["chrf"],
        "translators_said_twice": 100 * sum(unit is not None for unit in twice) / len(twice),
    }


def list_shares(engine: Engine, lang: str, count: int = 400) -> dict[str, float]:
    """Percentages of lists that nobody has seen: items in their place, short (2 to 5) and long (6 to 9) lists exact."""
    lists = held_out_lists(lang, count)
    texts = engine.translate([one.english for one in lists], lang).column("text").to_pylist()
    pairs = list(zip(lists, texts, strict=True))
    kept = sum(one.kept(text) for one, text in pairs) / sum(len(one.items) for one in lists)
    shares = {"list_items": 100 * kept}
    for name, sizes in (("lists_short", range(2, 6)), ("lists_long", range(6, 10))):
        exact = [one.exact(text) for one, text in pairs if len(one.items) in sizes]
        shares[name] = 100 * sum(exact) / len(exact)
    return shares


COLUMNS = {
    "chrF": "chrf",
    "± 95%": "chrf_interval",
    "BLEU": "bleu",
    "dev chrF": "development_chrf",
    "± 95% ": "development_interval",
    "one reference": "first_chrf",
    "translators": "translators_chrf",
    "ntrex": "dev_chrf",
    "list items": "list_items",
    "lists 2-5": "lists_short",
    "lists 6-9": "lists_long",
    "numbers": "numbers_kept",
    "said twice": "said_twice",
    "translators ": "translators_said_twice",
    "language": "language",
    "script": "script",
    "empty": "empty",
    "looping": "looping",
    "copied": "copied",
}


def show(figures: dict[str, dict[str, Any]]) -> None:
    """The figures as a table, a column a language."""
    table = Table(
        "", *figures, title="bundled corpus (validation), development clips, general text, lists, real captions"
    )
    for name, key in COLUMNS.items():
        table.add_row(name.strip(), *(f"{row[key]:.1f}" if key in row else "-" for row in figures.values()))
    Console(width=120).print(table)


def example_translations(engine: Engine, langs: Iterable[str], captions: dict[str, str]) -> dict[str, dict[str, str]]:
    """Clip id -> language -> translation of ten real captions, drawn by chance: good ones and bad ones."""
    drawn = random.Random(10).sample(sorted(captions), 10)
    english = [captions[clip_id] for clip_id in drawn]
    texts = {lang: engine.translate(english, lang).column("text").to_pylist() for lang in langs}
    return {clip_id: {lang: texts[lang][index] for lang in texts} for index, clip_id in enumerate(drawn)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default="mini", help="registry name or model folder")
    parser.add_argument("--langs", default=",".join(sorted(MODULES)))
    parser.add_argument("--annotations", type=Path, help="real captions in the official format")
    parser.add_argument("--parallel", type=Path, help="folder with dev.en-XX.tsv.gz")
    parser.add_argument("--beam", type=int, default=Decoding().beam_size)
    parser.add_argument("--work", type=Path, default=Path("build/mini_nmt/evaluation"), help="keeps the translations")
    parser.add_argument("--card", action="store_true", help="write the bundled model's card; needs the other inputs")
    parser.add_argument("--json", type=Path, help="write the figures here")
    args = parser.parse_args()
    if args.card and not (args.annotations and args.parallel):
        parser.error("--card needs --annotations and --parallel")
    engine = Engine(args.engine, Decoding(beam_size=args.beam), args.work)
    clips = read_clips(args.annotations).to_pylist() if args.annotations else []
    known = {clip["clip_id"]: clip["caption"] for clip in clips}
    unseen = {clip["clip_id"]: clip["caption"] for clip in clips if clip["split"] == "validation"}
    captions = list(unseen.values())
    figures = {}
    for lang in args.langs.split(","):
        figures[lang] = list_shares(engine, lang) | bundled_scores(engine, lang)
        if args.parallel and (path := args.parallel / f"dev.en-{lang}.tsv.gz").exists():
            figures[lang]["dev_chrf"] = dev_scores(engine, path, lang)["chrf"]
        if captions:
            figures[lang] |= development_scores(engine, lang, known)
            figures[lang] |= caption_shares(engine.translate(captions, lang), captions, lang)
    show(figures)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n")
    if args.card:
        card = render_card(figures, example_translations(engine, figures, unseen), args.beam)
        (mini_annotations().parent / "MODEL_CARD.md").write_text(card, encoding="utf-8")


if __name__ == "__main__":
    main()
