"""Which clips a score is over. A recall without its pool is not comparable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from ...errors import DatasetError, nearest

ALL = "all"


@dataclass(frozen=True)
class PoolRow:
    """A pool that ships: ``file`` in pools/ holds clip ids, one a line, and no texts.

    Without a file it is a whole split, known by its ``size`` alone, since nobody has published its ids.
    """

    name: str
    file: str | None
    about: str
    size: int = 0


POOLS = {
    row.name: row
    for row in (
        PoolRow(
            "youcook2-3350",
            "youcook2_3350.txt",
            "the 3,350 validation clips of YouCook2 that the field evaluates retrieval on",
        ),
        PoolRow(
            "msrvtt-1ka", "msrvtt_1ka.txt", "1,000 test clips of MSR-VTT, JSFusion's, each asked by a listed sentence"
        ),
        PoolRow(
            "msrvtt-1kb", "msrvtt_1kb.txt", "1,000 test clips of MSR-VTT, Miech's, each asked by its first sentence"
        ),
        PoolRow("msrvtt-full", "msrvtt_full.txt", "the 2,990 test clips of MSR-VTT"),
        PoolRow("vatex-hgr-1500", "vatex_hgr_1500.txt", "the 1,500 of VATEX's validation clips that HGR tests on"),
        PoolRow("rudder-819", None, "the 819 test clips of RUDDER's draft: the whole split, if it has as many", 819),
    )
}


@dataclass(frozen=True)
class Pool:
    """Clip ids in the data set's order, and a name for signatures; ``listed``: clip -> caption that asks."""

    name: str
    clip_ids: tuple[str, ...]
    listed: Mapping[str, int] = field(default_factory=dict)


def find_pool(name: str, clip_ids: Sequence[str]) -> Pool:
    """The pool of a name, or of a text file with a clip id a line, ``#`` and a caption index behind it where one asks.

    Args:
        clip_ids: all clips of the split that is evaluated.

    Raises:
        DatasetError: unknown name, unreadable or empty file, a clip listed twice, or clips that the split lacks.
    """
    if name == ALL:
        return Pool(ALL, tuple(clip_ids))
    row = POOLS.get(name)
    if row and not row.file:
        if len(clip_ids) != row.size:
            raise DatasetError(
                f"the pool {name} is a split of {row.size:,} clips, and this one has {len(clip_ids):,}",
                hint="evaluate with --pool all, whose signature says the number, or on --split test",
            )
        return Pool(name, tuple(clip_ids))
    if row and row.file:
        lines = (resources.files(__package__) / "pools" / row.file).read_text(encoding="utf-8").splitlines()
        label = name
    else:
        path = Path(name)
        if not path.is_file():
            raise DatasetError(f"unknown pool {name!r}", hint=f"{nearest(name, [ALL, *POOLS])}, or a file of clip ids")
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DatasetError(f"the pool {path} cannot be read: {error}") from None
        label = "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in path.stem)
        if label in (ALL, *POOLS):  # a file's clips may be any, whatever it is called
            label += ".file"
    known = set(clip_ids)
    parts = [_line(line.strip(), known) for line in lines if line.strip()]
    wanted = [clip for clip, _ in parts]
    doubles = len(wanted) - len(set(wanted))
    if doubles or not wanted:
        raise DatasetError(f"the pool {name} " + (f"lists {doubles} clips twice" if doubles else "is empty"))
    absent = [clip for clip in wanted if clip not in known]
    if absent:
        raise DatasetError(
            f"{len(absent):,} of {len(wanted):,} clips of the pool {name} are not in this split, first {absent[0]!r}",
            hint="evaluate with --pool all, or on the data set and split that the pool was made for",
        )
    members = set(wanted)
    listed = {clip: index for clip, index in parts if index is not None}
    return Pool(label, tuple(clip for clip in clip_ids if clip in members), listed)


def _line(line: str, known: set[str]) -> tuple[str, int | None]:
    """``CLIP`` or ``CLIP#INDEX``."""
    clip, mark, index = line.rpartition("#")
    return (clip, int(index)) if mark and line not in known and index.isdecimal() and len(index) < 5 else (line, None)
