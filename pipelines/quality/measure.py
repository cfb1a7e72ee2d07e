"""What each check finds among marked rows, and what it finds wrongly in translations by hand.

::

    python -m pipelines.quality.measure --build mini=build/real [--check spelling --check glossary] [--agreement BUILD]

Precision is the share of the marked rows found whose meaning is not kept, recall the share of those that is found, in
all eight languages together; ``by hand`` is the share of 600 sound translations a language that are found.
"""

import argparse
from pathlib import Path

import numpy as np

from multiyoucook2.languages import YOUCOOK2_LANGUAGES
from multiyoucook2.quality.check import CHECKS, Context, run_checks
from multiyoucook2.quality.settings import Checks
from pipelines.quality.rows import HUMAN, read_rows


def main() -> None:
    """Prints a line a check."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", required=True, metavar="ENGINE=FOLDER")
    parser.add_argument("--check", action="append", help="only these")
    parser.add_argument("--similarity", action="store_true", help="also that check, by its extra package")
    parser.add_argument("--agreement", metavar="BUILD", help="also that check, with the rows of a second build")
    options = parser.parse_args()
    engine, folder = options.build.split("=", 1)
    names = options.check or [check.name for check in CHECKS]
    tally = {name: np.zeros(5) for name in names}  # found, found wrong, all wrong, by hand found, by hand
    settings = Checks(similarity=options.similarity, agreement=options.agreement)
    for lang in YOUCOOK2_LANGUAGES[1:]:
        rows = read_rows(engine, Path(folder), lang)
        context = Context(rows.batch, settings, rows.like, rows.sound, translate=rows.second(options.agreement))
        human = np.array([one == HUMAN for one in rows.engines])
        for name, findings in run_checks(rows.batch, context, {"empty", *names}).items():
            if name in tally:
                found = findings.scores > findings.shown
                wrong = rows.wrong == 1
                tally[name] += [(found & ~human).sum(), (found & wrong).sum(), wrong.sum(), (found & human).sum(),
                                human.sum()]  # fmt: skip
    print(f"{'':>14} {'found':>7} {'precision':>10} {'recall':>7} {'by hand':>8}")
    for name, (flagged, hits, bad, human_found, humans) in sorted(tally.items(), key=lambda pair: -pair[1][1]):
        precision = f"{hits / flagged:10.2f}" if flagged else f"{'-':>10}"
        print(f"{name:>14} {flagged:7.0f} {precision} {hits / bad:7.2f} {human_found / humans:8.1%}")


if __name__ == "__main__":
    main()
