"""Seconds and peak memory of each stage of ``mycook build`` on captions of your own, by their number.

    python benchmarks/build.py --captions 10000 100000 1000000

The captions are made up, short and all different, five a clip, a million at most. Their translations stand in a table
(``--engine table``), so that it is the build which is measured; ``mini`` takes the bundled model, with a beam of 2 and
with repair, which chooses from that beam and from the parts of a caption. Linux only: the kernel is asked to forget
each stage's peak before the next one. Each size runs in a process of its own.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from multiyoucook2.progress import Silent

LANG = "de"
ACTS = [pair.split("/") for pair in (
    "cut/schneiden fry/braten wash/waschen peel/schälen mix/mischen boil/kochen chop/hacken grate/reiben grill/grillen "
    "mash/zerdrücken bake/backen serve/servieren stir/rühren drain/abgießen crush/zerstoßen soak/einweichen "
    "toast/rösten cool/abkühlen heat/erhitzen roll/rollen"
).split()]  # fmt: skip
THINGS = [pair.split("/") for pair in (
    "onion/Zwiebel carrot/Karotte egg/Ei potato/Kartoffel pepper/Paprika tomato/Tomate apple/Apfel fish/Fisch "
    "bread/Brot butter/Butter garlic/Knoblauch ginger/Ingwer chicken/Huhn beef/Rindfleisch pork/Schweinefleisch "
    "rice/Reis pasta/Nudeln cheese/Käse milk/Milch cream/Sahne flour/Mehl sugar/Zucker salt/Salz lemon/Zitrone "
    "lime/Limette orange/Orange banana/Banane spinach/Spinat cabbage/Kohl lettuce/Salat cucumber/Gurke celery/Sellerie "
    "mushroom/Pilz bean/Bohne pea/Erbse corn/Mais shrimp/Garnele salmon/Lachs bacon/Speck ham/Schinken sausage/Wurst "
    "tofu/Tofu noodle/Nudel dough/Teig batter/Rührteig sauce/Soße soup/Suppe parsley/Petersilie basil/Basilikum "
    "mint/Minze"
).split()]  # fmt: skip
MOST = len(ACTS) ** 2 * len(THINGS) ** 2
APART = 611_953  # prime to MOST: neighbours have little in common


def pair(number: int) -> tuple[str, str]:
    """A caption and its translation; one in fifty loses its second half, as a model's would, one says a word twice."""
    rest, act = divmod(number * APART % MOST, len(ACTS))
    rest, thing = divmod(rest, len(THINGS))
    other, then = divmod(rest, len(ACTS))
    (cut, schneiden), (fry, braten) = ACTS[act], ACTS[then]
    (onion, zwiebel), (egg, ei) = THINGS[thing], THINGS[other]
    source = f"{cut} the {onion} and {fry} the {egg}"
    if number % 50 == 7:
        return source, f"{zwiebel} {schneiden}"
    return source, f"{zwiebel} {schneiden} und {zwiebel if number % 50 == 13 else ei} {braten}"


def write_files(folder: Path, captions: int) -> tuple[Path, Path]:
    """The captions, and the table of their translations."""
    own, table = folder / f"captions-{captions}.csv", folder / f"table-{captions}.csv"
    with own.open("w", newline="") as one, table.open("w", newline="") as two:
        captions_of, table_of = csv.writer(one), csv.writer(two)
        captions_of.writerow(("clip_id", "caption", "split"))
        table_of.writerow(("source", "translation", "origin"))
        for number in range(captions):
            source, translation = pair(number)
            captions_of.writerow((f"clip{number // 5}", source, "test" if number % 100 < 5 else "train"))
            table_of.writerow((source, translation, "machine"))
    return own, table


class Watch(Silent):
    """Prints each stage's seconds and peak as it ends."""

    def __init__(self) -> None:
        self.worst = 0

    def finished(self, what: str, *, skipped: bool, seconds: float, counts: Mapping[str, int | float]) -> None:
        peak = memory("VmHWM")
        self.worst = max(self.worst, peak)
        print(json.dumps({"stage": what, "seconds": round(seconds, 1), "peak_mb": peak}), flush=True)
        Path("/proc/self/clear_refs").write_text("5")  # the peak is from here on that of what comes


def memory(name: str) -> int:
    """A line of this process's status, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(name))


def run(folder: Path, captions: int, engine: str) -> None:
    """Build in this process."""
    from multiyoucook2.building.api import build

    own, table = write_files(folder, captions)
    watch, began, worked = Watch(), time.perf_counter(), time.process_time()
    options: dict[str, object] = {"repair": None}
    if engine == "table":
        engine = f"table:{table}"
    else:
        options = {"repair": {"candidates": 2}, "decoding": {"beam_size": 2, "retry": False}}
    result = build(
        "custom", langs=LANG, engine=engine, annotations=own, out=folder / f"build-{captions}", offline=True,
        listener=watch, overrides=options,
    )  # fmt: skip
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    accepted = result.report["languages"][LANG]["accepted"]
    figures = {"captions": captions, "accepted": accepted, "seconds": round(seconds, 1),
               "cpu_ms_a_caption": round(1000 * worked / captions, 3), "peak_mb": watch.worst}  # fmt: skip
    print(json.dumps(figures), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captions", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--engine", default="table")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if max(options.captions) > MOST:
        parser.error(f"there are {MOST:,} different captions at most")
    if options.child:
        run(options.child, options.captions[0], options.engine)
        return
    for captions in options.captions:
        with tempfile.TemporaryDirectory() as name:
            command = [sys.executable, __file__, "--child", name, "--captions", str(captions)]
            subprocess.run([*command, "--engine", options.engine], check=True)


if __name__ == "__main__":
    main()
