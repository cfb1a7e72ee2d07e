"""VATEX's own JSON from the caption lists of its 1,500 HGR test clips, so that a whole run can be tried on real data.

    python -m pipelines.vatex_json --lists ../shared/data/vatex --out build/vatex

``vatextest.caption.txt.gz`` and ``vatextest_zh.caption.txt.gz`` (from HuiGuanLab/MLCMR) hold a caption a line,
``VIDEO#enc#0 text`` and ``VIDEO#zh#0 text``. Written are ``vatex_training.json`` and ``vatex_test.json``, every fifth
clip in the second: VATEX's training captions are not in these lists, so that the division is one for trials alone, and
no score on it is comparable with a published one. Build it with ``--set source_options.split=official``.
"""

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

LISTS = {"vatextest.caption.txt.gz": "enCap", "vatextest_zh.caption.txt.gz": "chCap"}
HELD_OUT = 5  # every fifth clip


def read_lists(folder: Path) -> list[dict[str, Any]]:
    """VATEX's entries, by clip in the order of the English list, captions by their index.

    Raises:
        ValueError: a list lacks a clip's captions, or numbers them otherwise than from 0.
    """
    entries: dict[str, dict[str, Any]] = {}
    for name, key in LISTS.items():
        with gzip.open(folder / name, "rt", encoding="utf-8") as file:
            for line in file:
                place, text = line.rstrip("\n").split(" ", 1)
                video, _, index = place.split("#")
                texts = entries.setdefault(video, {"videoID": video}).setdefault(key, [])
                if int(index) != len(texts):
                    raise ValueError(f"{name}: {place} stands at index {len(texts)}")
                texts.append(text)
    for video, entry in entries.items():
        if len(entry) != 1 + len(LISTS):
            raise ValueError(f"{video} is not in both lists")
    return list(entries.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=Path, required=True, help="the folder with the two lists")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    entries = read_lists(options.lists)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, chosen in (
        ("vatex_training.json", [row for number, row in enumerate(entries) if number % HELD_OUT]),
        ("vatex_test.json", entries[::HELD_OUT]),
    ):
        (options.out / name).write_text(json.dumps(chosen, ensure_ascii=False, indent=0), encoding="utf-8")
        print(f"{options.out / name}: {len(chosen):,} clips")


if __name__ == "__main__":
    main()
