"""Fits ``quality`` on marked rows, and measures it on clips that it has not seen.

::

    python -m pipelines.quality.calibrate --build mini=build/real --build mini-7600-steps=build/earlier [--write]

Each build is a published data set of the engine's translations of the real captions; the alignments are learned from
them. ``marks/XX.tsv`` has a row a marked translation: clip id, engine, text, whether its meaning is kept, what is wrong
(kinds, and the words of the caption), and a better translation. The English is looked up in the builds. Translations by
hand of other clips (``pipelines/mini_nmt/development``) stand beside them as rows whose meaning is kept.
"""

import argparse
import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from multiyoucook2.languages import YOUCOOK2_LANGUAGES
from multiyoucook2.quality.check import Batch, Context, run_checks
from multiyoucook2.quality.estimation import SIGNALS, Numbers, fit, signal_matrix
from multiyoucook2.quality.pairs import published_pairs, sound_pairs
from pipelines.mini_nmt.real import DEVELOPMENT, READERS, read_translations

HERE = Path(__file__).parent
OUTPUT = HERE.parents[1] / "multiyoucook2" / "quality" / "calibration.json"
FOLDS = 9
HUMAN_WEIGHT = 0.1  # of a translation by hand beside a marked row: there are 600 of them, and 79 of those
HUMAN = "human"


@dataclass(frozen=True)
class Sample:
    """Rows with what the checks give them."""

    signals: Numbers  # (rows, signals)
    wrong: Numbers  # 1 where the meaning is not kept
    lang: list[str]
    clip: list[str]
    engine: list[str]

    def where(self, wanted: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> "Sample":
        """Some of the rows."""
        kept = np.flatnonzero(wanted).tolist()
        lang, clip, engine = ([values[n] for n in kept] for values in (self.lang, self.clip, self.engine))
        return Sample(self.signals[wanted], self.wrong[wanted], lang, clip, engine)

    @property
    def weight(self) -> Numbers:
        return np.array([HUMAN_WEIGHT if engine == HUMAN else 1.0 for engine in self.engine])


def read_sample(builds: dict[str, Path]) -> Sample:
    """The marked rows of all languages, and the translations by hand, judged by the alignments of the builds."""
    parts: list[Sample] = []
    for lang in YOUCOOK2_LANGUAGES[1:]:
        with (HERE / "marks" / f"{lang}.tsv").open(encoding="utf-8", newline="") as file:
            marks = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        for number, (engine, build) in enumerate(builds.items()):
            published = published_pairs(build, lang)
            english = {clip_id: caption for clip_id, (caption, _) in published.items()}
            rows = [
                (row["clip_id"], row["text"], engine, row["kept"] == "no") for row in marks if row["engine"] == engine
            ]
            if number == 0:
                by_hand = [read_translations(DEVELOPMENT / reader / f"{lang}.tsv") for reader in READERS]
                rows += [(clip_id, text, HUMAN, False) for texts in by_hand for clip_id, text in texts.items()]
            batch = Batch.of(lang, [english[clip_id] for clip_id, *_ in rows], [text for _, text, *_ in rows])
            like = list(published.values())
            context = Context(batch, like=like, sound=sound_pairs(lang, english))
            signals = signal_matrix(run_checks(batch, context, ["empty", *SIGNALS]), SIGNALS)
            wrong = np.array([float(bad) for *_, bad in rows])
            clips, engines = [row[0] for row in rows], [row[2] for row in rows]
            parts.append(Sample(signals, wrong, [lang] * len(rows), clips, engines))
    return Sample(
        np.concatenate([part.signals for part in parts]),
        np.concatenate([part.wrong for part in parts]),
        *([value for part in parts for value in getattr(part, name)] for name in ("lang", "clip", "engine")),
    )


def predict(sample: Sample, model: tuple[float, Numbers, dict[str, float]]) -> Numbers:
    """``quality`` of the rows."""
    constant, weights, languages = model
    score = constant + sample.signals @ weights + np.array([languages.get(lang, 0.0) for lang in sample.lang])
    quality: Numbers = 1 / (1 + np.exp(score))
    return quality


def fit_sample(sample: Sample) -> tuple[float, Numbers, dict[str, float]]:
    """Weights from all rows; the constant, and so the probability, from the machine's rows only."""
    _, weights, _ = fit(sample.signals, sample.wrong, sample.lang, sample.weight)
    marked = sample.where(np.array(sample.engine) != HUMAN)
    nothing = np.zeros((len(marked.lang), 0))
    constant, _, languages = fit(nothing, marked.wrong, marked.lang, marked.weight, marked.signals @ weights)
    return constant, weights, languages


def cross_validate(sample: Sample) -> Numbers:
    """``quality`` of each row by a model that has seen no row of its clip, in any language."""
    clips = sorted(set(sample.clip))
    fold = dict(zip(clips, np.random.default_rng(0).permutation(len(clips)) % FOLDS, strict=True))
    folds = np.array([fold[clip] for clip in sample.clip])
    quality = np.zeros(len(folds))
    for number in range(FOLDS):
        seen, unseen = sample.where(folds != number), sample.where(folds == number)
        quality[folds == number] = predict(unseen, fit_sample(seen))
    return quality


def figures(quality: Numbers, sample: Sample, lang: str, threshold: float) -> dict[str, float]:
    """How well the rows of a language below the threshold are those whose meaning is not kept."""
    of_language, human = np.array(sample.lang) == lang, np.array(sample.engine) == HUMAN
    marked = of_language & ~human
    wrong, refused = sample.wrong[marked] == 1, quality[marked] < threshold
    bad, good = quality[marked][wrong], quality[marked][~wrong]
    above = (bad[:, None] < good).mean() + 0.5 * (bad[:, None] == good).mean()
    return {
        "rows": float(marked.sum()),
        "wrong": float(wrong.sum()),
        "auc": float(above),
        "precision": float((wrong & refused).sum() / max(1, refused.sum())),
        "recall": float((wrong & refused).sum() / max(1, wrong.sum())),
        "human_refused": float((quality[of_language & human] < threshold).mean()),
    }


def main() -> None:
    """Prints the figures of the cross-validation; with ``--write`` the fit on all rows becomes the one that ships."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", action="append", required=True, metavar="ENGINE=FOLDER")
    parser.add_argument("--threshold", type=float, default=0.25, help="rows of less quality are refused")
    parser.add_argument("--write", action="store_true", help="write calibration.json")
    options = parser.parse_args()
    builds = {engine: Path(folder) for engine, folder in (pair.split("=", 1) for pair in options.build)}
    sample = read_sample(builds)
    quality = cross_validate(sample)
    table = {lang: figures(quality, sample, lang, options.threshold) for lang in YOUCOOK2_LANGUAGES[1:]}
    names = list(next(iter(table.values())))
    table["mean"] = {name: sum(row[name] for row in table.values()) / len(table) for name in names}
    print(" ".join(f"{name:>13}" for name in ["", *names]))
    for lang, row in table.items():
        print(" ".join([f"{lang:>13}", *(f"{value:13.2f}" for value in row.values())]))
    constant, weights, languages = fit_sample(sample)
    values = {
        "source": "pipelines/quality/marks, by python -m pipelines.quality.calibrate",
        "engines": list(builds),
        "constant": round(constant, 4),
        "weights": {name: round(float(weight), 4) for name, weight in zip(SIGNALS, weights, strict=True)},
        "languages": {lang: round(value, 4) for lang, value in languages.items()},
        "threshold": options.threshold,
        "cross_validated": {
            lang: {name: round(value, 3) for name, value in row.items()} for lang, row in table.items()
        },
    }
    print(json.dumps(values["weights"]), values["languages"])
    if options.write:
        OUTPUT.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
