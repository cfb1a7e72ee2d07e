"""The marked rows of a language, and translations by hand beside them, as checks read them."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from multiyoucook2.quality.check import Batch
from multiyoucook2.quality.estimation import Numbers
from multiyoucook2.quality.evidence import Pair
from multiyoucook2.quality.pairs import published_pairs, sound_pairs
from pipelines.mini_nmt.real import DEVELOPMENT, READERS, read_translations

HERE = Path(__file__).parent
MARKS, HELD_OUT = HERE / "marks", HERE / "held_out"  # what is fitted on, and what was read afterwards, for measuring
HUMAN = "human"


@dataclass(frozen=True)
class Rows:
    """Rows of a language, and what teaches the alignment that judges them.

    ``wrong`` is 1 where the meaning is not kept; ``engines`` has ``HUMAN`` for translations by hand; ``held_out`` says
    which rows no fit and no choice of a signal has seen.
    """

    batch: Batch
    wrong: Numbers
    clips: list[str]
    engines: list[str]
    held_out: list[bool]
    like: Sequence[Pair]
    sound: Sequence[Pair]

    def second(self, build: str | None) -> Callable[[str, str, str, Sequence[str]], list[str]]:
        """What another build says of the same captions."""
        others = dict(published_pairs(Path(build), self.batch.lang).values()) if build else {}
        return lambda engine, lang, source_lang, texts: [others.get(text, "") for text in texts]


def read_marks(engine: str, lang: str, folder: Path) -> list[dict[str, str]]:
    """The marked rows of an engine, as they stand in the file of a language."""
    with (folder / f"{lang}.tsv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["engine"] == engine]


def read_rows(engine: str, build: Path, lang: str, *, by_hand: bool = True) -> Rows:
    """The marked rows of an engine, with a build of it, and translations by hand of other clips."""
    published = published_pairs(build, lang)
    english = {clip_id: caption for (clip_id, index), (caption, _) in published.items() if not index}
    rows = [
        (row["clip_id"], row["text"], engine, row["kept"] == "no", folder == HELD_OUT)
        for folder in (MARKS, HELD_OUT)
        for row in read_marks(engine, lang, folder)
    ]
    for reader in READERS if by_hand else ():
        written = read_translations(DEVELOPMENT / reader / f"{lang}.tsv")
        rows += [(clip_id, text, HUMAN, False, False) for clip_id, text in written.items()]
    clips, texts, engines, wrong, held_out = zip(*rows, strict=True)
    batch = Batch.of(lang, [english[clip_id] for clip_id in clips], texts)
    judged = set(clips)  # whose translations by hand teach nothing: other captions have none to be judged by
    sound = sound_pairs(lang, {clip_id: caption for clip_id, caption in english.items() if clip_id not in judged})
    return Rows(
        batch, np.array(wrong, float), list(clips), list(engines), list(held_out), list(published.values()), sound
    )
