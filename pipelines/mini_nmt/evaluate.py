"""Measure a translation model: ``python -m pipelines.mini_nmt.evaluate --annotations FILE --parallel DIR``.

chrF and BLEU against the bundled corpus' references (validation clips) with bootstrap 95% intervals, chrF on the
general dev sets of ``--parallel`` for contrast, and on all captions of ``--annotations`` what needs no reference: the
share in the right language and script, empty, looping, copied, and with every number kept. ``--card`` writes the
model card from these figures.
"""

import argparse
import csv
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from multiyoucook2.languages import LANGUAGES
from multiyoucook2.quality.check import Row
from multiyoucook2.quality.checks.empty import empty
from multiyoucook2.quality.checks.repetition import repetition
from multiyoucook2.quality.settings import Checks
from multiyoucook2.sources.mini import mini_annotations
from multiyoucook2.sources.youcook2 import read_clips
from multiyoucook2.text.language_id import script_share
from multiyoucook2.text.numbers import numbers_changed
from multiyoucook2.translation.decoding import Decoding
from multiyoucook2.translation.memory import TranslationMemory
from multiyoucook2.translation.table import translate_table

from .grammar import MODULES

BLEU_TOKENIZER = {"zh": "zh", "ja": "char"}
REFERENCES = mini_annotations().parent / "references"


class Engine:
    """A translation model under evaluation; what it translates is kept in ``folder``, for the next evaluation."""

    def __init__(self, name: str, decoding: Decoding, folder: Path) -> None:
        self.name, self.decoding, self.folder = name, decoding, folder

    def translate(self, texts: list[str], lang: str) -> pa.Table:
        clips = pa.table({"clip_id": [str(i) for i in range(len(texts))], "caption": texts})
        return translate_table(
            clips,
            lang=lang,
            engine=self.name,
            decoding=self.decoding,
            memory=TranslationMemory(self.folder / "memory"),
            cache_dir=self.folder / "cache",
            offline=True,
        )


def reference_scores(hypotheses: list[str], references: list[str], lang: str) -> dict[str, Any]:
    """chrF and BLEU of a corpus, with 95% bootstrap intervals (1,000 resamples) and sacrebleu's signatures."""
    from sacrebleu.metrics import BLEU, CHRF

    scores: dict[str, Any] = {}
    for name, metric in (("chrf", CHRF()), ("bleu", BLEU(tokenize=BLEU_TOKENIZER.get(lang, "13a")))):
        score = metric.corpus_score(hypotheses, [references], n_bootstrap=1000)
        scores |= {name: round(float(score.score), 1), f"{name}_interval": round(float(score._ci), 1)}
        scores[f"{name}_signature"] = str(metric.get_signature())
    return scores


def mini_references(lang: str, clip_ids: list[str]) -> list[str]:
    """The reference translations of some clips, in their order."""
    with (REFERENCES / f"{lang}.tsv").open(encoding="utf-8", newline="") as file:
        texts = {row["clip_id"]: row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    return [texts[clip_id] for clip_id in clip_ids]


def dev_scores(engine: Engine, path: Path, lang: str) -> dict[str, Any]:
    """chrF on a general parallel file, for contrast: the model is made for recipes."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if len(row) == 3]
    hypotheses = engine.translate([row[1] for row in rows], lang).column("text").to_pylist()
    return reference_scores(hypotheses, [row[2] for row in rows], lang)


def caption_shares(table: pa.Table, captions: list[str], lang: str) -> dict[str, float]:
    """Percentages over real captions that need no reference; language by lingua among the nine languages."""
    from lingua import Language, LanguageDetectorBuilder

    by_code = {language.iso_code_639_1.name.lower(): language for language in Language.all()}
    detector = LanguageDetectorBuilder.from_languages(*(by_code[code] for code in ("en", *MODULES))).build()
    texts = table.column("text").to_pylist()
    count: Counter[str] = Counter()
    for caption, text, flags in zip(captions, texts, table.column("flags").to_pylist(), strict=True):
        row, share = Row(caption, text, lang, tuple(flags)), script_share(text, lang)
        count["script"] += share is None or share >= 0.5
        count["empty"] += empty(row, Checks()) is not None
        count["looping"] += "loop" in flags or repetition(row, Checks()) is not None
        count["copied"] += "copy" in flags
        if any(character.isdigit() for character in caption):
            count["with_number"] += 1
            count["number_kept"] += numbers_changed(caption, text, lang) is None
    detected = detector.detect_languages_in_parallel_of(texts)
    count["language"] = sum(found == by_code[lang] for found in detected)
    shares = {key: 100 * count[key] / len(texts) for key in ("language", "script", "empty", "looping", "copied")}
    return shares | {"numbers_kept": 100 * count["number_kept"] / max(1, count["with_number"])}


def show(figures: dict[str, dict[str, Any]]) -> None:
    """The figures as a table, a row a language."""
    columns = {
        "chrF": "chrf",
        "± 95%": "chrf_interval",
        "BLEU": "bleu",
        "ntrex chrF": "dev_chrf",
        "language %": "language",
        "script %": "script",
        "numbers kept %": "numbers_kept",
        "empty %": "empty",
        "looping %": "looping",
        "copied %": "copied",
    }
    table = Table(*["", *columns], title="bundled corpus (validation), general text, real captions")
    for lang, row in figures.items():
        table.add_row(LANGUAGES[lang].name, *(f"{row[key]:.1f}" if key in row else "-" for key in columns.values()))
    Console(width=140).print(table)


def write_card(figures: dict[str, dict[str, Any]], decoding: Decoding, validation: int) -> None:
    """Fills ``data_cards/mini-model.md`` with the figures, as ``MODEL_CARD.md`` beside the model's folder."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from .model import Shape, TranslationModel

    root = mini_annotations().parent
    model = root / "model"
    vocabulary = len(json.loads((model / "shared_vocabulary.json").read_text("utf-8")))
    environment = Environment(
        loader=FileSystemLoader(root.parents[1] / "data_cards"), undefined=StrictUndefined, keep_trailing_newline=True
    )
    card = environment.get_template("mini-model.md").render(
        figures=figures,
        validation=validation,
        beam=decoding.beam_size,
        steps=json.loads((model / "mycook.json").read_text("utf-8"))["steps"],
        megabytes=sum(path.stat().st_size for path in model.iterdir()) / 1e6,
        millions=sum(p.numel() for p in TranslationModel(Shape(vocabulary)).parameters()) / 1e6,
    )
    (root / "MODEL_CARD.md").write_text(card, encoding="utf-8")


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
    figures: dict[str, dict[str, Any]] = {}
    engine = Engine(args.engine, Decoding(beam_size=args.beam), args.work)
    mini = [clip for clip in read_clips(mini_annotations()).to_pylist() if clip["split"] == "validation"]
    for lang in args.langs.split(","):
        hypotheses = engine.translate([clip["caption"] for clip in mini], lang).column("text").to_pylist()
        references = mini_references(lang, [clip["clip_id"] for clip in mini])
        figures[lang] = reference_scores(hypotheses, references, lang)
        if args.parallel and (path := args.parallel / f"dev.en-{lang}.tsv.gz").exists():
            figures[lang]["dev_chrf"] = dev_scores(engine, path, lang)["chrf"]
        if args.annotations:
            captions = read_clips(args.annotations).column("caption").to_pylist()
            figures[lang] |= caption_shares(engine.translate(captions, lang), captions, lang)
    show(figures)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n")
    if args.card:
        write_card(figures, engine.decoding, len(mini))


if __name__ == "__main__":
    main()
