"""Does ``quality`` tell better translations from worse? chrF of a build's rows by it, against translations by hand.

::

    python -m pipelines.quality.by_quality build/real

References are the development clips', translated twice by hand: neither the alignment nor a choice of signals has seen
them, and of the fit of the weights they are no rows of a machine's. chrF is of single rows: a good translation in other
words scores low, so the rank correlation is a lower bound.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from sacrebleu.metrics import CHRF

from multiyoucook2.languages import YOUCOOK2_LANGUAGES
from pipelines.mini_nmt.real import DEVELOPMENT, READERS, read_translations

EDGES = (0.0, 0.25, 0.5, 0.75, 1.0)


def scored(build: Path, lang: str) -> tuple[np.ndarray, np.ndarray]:
    """``quality`` (0 to 1) and chrF (0 to 100) of each row that has a reference."""
    several = [read_translations(DEVELOPMENT / reader / f"{lang}.tsv") for reader in READERS]
    table = pq.read_table(build / "dataset" / lang, columns=["clip_id", "caption", "quality"])
    rows = [row for row in table.to_pylist() if row["clip_id"] in several[0]]
    metric = CHRF()
    scores = [metric.sentence_score(row["caption"], [one[row["clip_id"]] for one in several]).score for row in rows]
    return np.array([row["quality"] for row in rows]), np.array(scores)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's, -1 to 1; equal values share a rank."""
    return float(np.corrcoef(pd.Series(first).rank(), pd.Series(second).rank())[0, 1])


def binned(quality: np.ndarray, scores: np.ndarray) -> list[tuple[int, float]]:
    """Rows and mean chrF between each two of :data:`EDGES`; 1 belongs to the last."""
    places = np.clip(np.searchsorted(EDGES, quality, side="right") - 1, 0, len(EDGES) - 2)
    return [
        (int((places == place).sum()), float(scores[places == place].mean()) if (places == place).any() else np.nan)
        for place in range(len(EDGES) - 1)
    ]


def main() -> None:
    """Prints a line a language."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build", type=Path)
    options = parser.parse_args()
    bins = "  ".join(f"{low:g}-{high:g} (rows)" for low, high in pairwise(EDGES))
    print(f"lang   rows  rank correlation  chrF at quality {bins}")
    for lang in YOUCOOK2_LANGUAGES[1:]:
        quality, scores = scored(options.build, lang)
        shown = "  ".join(f"{mean:5.1f} ({rows:,})" for rows, mean in binned(quality, scores))
        print(f"{lang:4} {len(scores):6,} {rank_correlation(quality, scores):17.2f}  {shown}", flush=True)


if __name__ == "__main__":
    main()
