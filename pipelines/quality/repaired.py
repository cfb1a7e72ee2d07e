"""What repair changed: chrF of a build before and after, against translations by hand, and the rows refused.

::

    python -m pipelines.quality.repaired build/without-repair build/with-repair

References are those that the builds' clips have: the bundled corpus', the development clips' (translated twice), and
the better translations of marked rows whose meaning was not kept. No repair was chosen by them.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
from sacrebleu.metrics import CHRF

from multiyoucook2.languages import YOUCOOK2_LANGUAGES
from multiyoucook2.quality.pairs import published_pairs
from pipelines.mini_nmt.real import DEVELOPMENT, READERS, read_translations
from pipelines.quality.rows import HELD_OUT, MARKS, read_marks

BUNDLED = DEVELOPMENT.parent / "references"
References = list[Mapping[str, str]]


def references(lang: str) -> dict[str, References]:
    """Translations by hand of each kind, by clip."""
    marks = [row for folder in (MARKS, HELD_OUT) for row in read_marks("mini", lang, folder)]
    better = {row["clip_id"]: row["better"] for row in marks if row["better"]}
    return {
        "bundled": [read_translations(BUNDLED / f"{lang}.tsv")],
        "development": [read_translations(DEVELOPMENT / reader / f"{lang}.tsv") for reader in READERS],
        "marked": [better],
    }


def chrf(texts: Mapping[str, str], several: References) -> float:
    """chrF of a build's texts of the clips that the references have."""
    clips = [clip for clip in several[0] if clip in texts]
    score = CHRF().corpus_score([texts[clip] for clip in clips], [[one[clip] for clip in clips] for one in several])
    return float(score.score)


def refused(build: Path, lang: str) -> float:
    """The share of the published rows that are not accepted."""
    table = pq.read_table(build / "dataset" / lang, columns=["accepted"])
    return 1 - float(pc.mean(pc.cast(table["accepted"], "float32")).as_py())


def main() -> None:
    """Prints a line a language and kind of references."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    options = parser.parse_args()
    gains: dict[str, list[float]] = {}
    print(f"{'':>4} {'references':>12} {'rows':>6} {'before':>7} {'after':>7} {'gain':>6}   refused before, after")
    for lang in YOUCOOK2_LANGUAGES[1:]:
        before, after = (
            {clip: text for (clip, index), (_, text) in published_pairs(build, lang).items() if not index}
            for build in (options.before, options.after)
        )
        shares = ", ".join(f"{refused(build, lang):.1%}" for build in (options.before, options.after))
        for kind, several in references(lang).items():
            rows = sum(clip in before for clip in several[0])
            if not rows:
                continue
            old, new = chrf(before, several), chrf(after, several)
            gains.setdefault(kind, []).append(new - old)
            print(f"{lang:>4} {kind:>12} {rows:6} {old:7.1f} {new:7.1f} {new - old:+6.1f}   {shares}")
    for kind, values in gains.items():
        print(f"mean {kind:>12} {'':>22} {sum(values) / len(values):+6.2f}")


if __name__ == "__main__":
    main()
