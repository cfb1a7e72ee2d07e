"""Fits ``quality`` on marked rows, and measures it on clips that it has not seen.

::

    python -m pipelines.quality.calibrate --build mini=build/real --build mini-7600-steps=build/earlier [--write]

Each build is a published data set of the engine's translations of the real captions; the alignments are learned from
them. ``marks/XX.tsv`` has a row a marked translation: clip id, engine, text, whether its meaning is kept, what is wrong
(kinds, and the words of the caption), and a better translation. The English is looked up in the builds. Translations by
hand of other clips (``pipelines/mini_nmt/development``) stand beside them as rows whose meaning is kept.
``held_out/XX.tsv`` has rows that were read after the signals had been chosen and fitted: they are only measured.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from multiyoucook2.files import atomic_write, json_bytes
from multiyoucook2.languages import YOUCOOK2_LANGUAGES
from multiyoucook2.quality.check import Context, run_checks
from multiyoucook2.quality.estimation import SIGNALS, Calibration, fit, probability_kept, signal_matrix
from multiyoucook2.quality.fitting import Discrimination, Marked, quality_odds, unseen_odds
from multiyoucook2.quality.settings import MIN_QUALITY
from pipelines.quality.rows import HUMAN, read_rows

OUTPUT = Path(__file__).parents[2] / "multiyoucook2" / "quality" / "calibration.json"
HUMAN_WEIGHT = 0.1  # of a translation by hand beside a marked row: there are 600 of them, and about 100 of those


@dataclass(frozen=True)
class Sample(Marked):
    """Marked rows, and translations by hand, whose engine is ``HUMAN``."""

    engines: tuple[str, ...] = ()
    held_out: tuple[bool, ...] = ()

    def where(self, wanted: NDArray[np.bool_]) -> "Sample":
        """Some of the rows."""
        rows = super().where(wanted)
        kept = np.flatnonzero(wanted).tolist()
        engines, held_out = tuple(self.engines[row] for row in kept), tuple(self.held_out[row] for row in kept)
        return Sample(rows.signals, rows.wrong, rows.langs, rows.clips, engines, held_out)


def read_sample(builds: dict[str, Path]) -> Sample:
    """The marked rows of all languages, each judged by the build of its engine, and those by hand by the first one."""
    parts: list[Sample] = []
    for lang in YOUCOOK2_LANGUAGES[1:]:
        for number, (engine, build) in enumerate(builds.items()):
            rows = read_rows(engine, build, lang, by_hand=number == 0)
            context = Context(rows.batch, like=rows.like, sound=rows.sound)
            signals = signal_matrix(run_checks(rows.batch, context, ["empty", *SIGNALS]), SIGNALS)
            told = [lang] * len(rows.clips), rows.clips, tuple(rows.engines), tuple(rows.held_out)
            parts.append(Sample(signals, rows.wrong, *told))
    return Sample(
        np.concatenate([part.signals for part in parts]),
        np.concatenate([part.wrong for part in parts]),
        [lang for part in parts for lang in part.langs],
        [clip for part in parts for clip in part.clips],
        tuple(engine for part in parts for engine in part.engines),
        tuple(held_out for part in parts for held_out in part.held_out),
    )


def fit_sample(sample: Sample, engines: tuple[str, ...]) -> Calibration:
    """Weights from all rows; the constant, and so the probability, from the machine's rows only."""
    human = np.array(sample.engines) == HUMAN
    _, weights, _ = fit(sample.signals, sample.wrong, sample.langs, np.where(human, HUMAN_WEIGHT, 1.0))
    marked = sample.where(~human)
    nothing, known = np.zeros((len(marked.langs), 0)), marked.signals @ weights
    constant, _, languages = fit(nothing, marked.wrong, marked.langs, np.ones(len(marked.langs)), known)
    return Calibration(
        constant=round(constant, 4),
        weights={name: round(float(weight), 4) for name, weight in zip(SIGNALS, weights, strict=True)},
        languages={lang: round(value, 4) for lang, value in languages.items()},
        engines=engines,
    )


Table = dict[str, dict[str, float | None]]  # by language


def held_out_figures(rows: Sample, calibration: Calibration, threshold: float) -> Table:
    """How well a fit tells the held-out rows apart, by language and all together."""
    quality, langs = probability_kept(quality_odds(calibration, rows)), np.array(rows.langs)
    chosen = {lang: langs == lang for lang in YOUCOOK2_LANGUAGES[1:]} | {"together": np.full(len(langs), True)}
    return {
        name: Discrimination.of(quality[some], rows.wrong[some], threshold).as_json() for name, some in chosen.items()
    }


def print_table(title: str, table: Table) -> None:
    """A line a language, and the mean of the languages."""
    print(title)
    names, langs = list(next(iter(table.values()))), YOUCOOK2_LANGUAGES[1:]
    mean: dict[str, float | None] = {name: sum(table[lang][name] or 0 for lang in langs) / len(langs) for name in names}
    print(" ".join(f"{name:>10}" for name in ["", *names]))
    for lang, row in {**table, "mean": mean}.items():
        print(" ".join([f"{lang:>10}", *(f"{row[name] or 0:10.2f}" for name in names)]))


def main() -> None:
    """Prints the figures of the cross-validation; with ``--write`` the fit on all rows becomes the one that ships."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", action="append", required=True, metavar="ENGINE=FOLDER")
    parser.add_argument("--threshold", type=float, default=MIN_QUALITY, help="rows of less quality are refused")
    parser.add_argument("--write", action="store_true", help="write calibration.json")
    options = parser.parse_args()
    builds = {engine: Path(folder) for engine, folder in (pair.split("=", 1) for pair in options.build)}
    everything, engines = read_sample(builds), tuple(builds)
    sample, unseen_rows = (everything.where(np.array(everything.held_out) == held_out) for held_out in (False, True))
    odds = unseen_odds(sample, lambda seen, unseen: quality_odds(fit_sample(seen, engines), unseen))  # type: ignore[arg-type]
    quality, langs, human = probability_kept(odds), np.array(sample.langs), np.array(sample.engines) == HUMAN
    table = {}
    for lang in YOUCOOK2_LANGUAGES[1:]:
        rows = (langs == lang) & ~human
        by_hand = (quality[(langs == lang) & human] < options.threshold).mean()
        figures = Discrimination.of(quality[rows], sample.wrong[rows], options.threshold).as_json()
        table[lang] = figures | {"by hand": round(float(by_hand), 3)}
    print_table("cross-validated over clips", table)
    calibration = fit_sample(sample, engines)
    held_out = held_out_figures(unseen_rows, calibration, options.threshold)
    print_table("rows that were read afterwards", held_out)
    print(calibration.model_dump_json())
    if options.write:
        about = {"source": "pipelines/quality/marks, by python -m pipelines.quality.calibrate"}
        measured = {"threshold": options.threshold, "cross_validated": table, "held_out": held_out}
        atomic_write(OUTPUT, json_bytes(about | calibration.model_dump() | measured))


if __name__ == "__main__":
    main()
