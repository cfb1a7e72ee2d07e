"""Which clips a score is over. A recall without its pool is not comparable."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ...errors import DatasetError, nearest

# name -> (file in pools/, what it is); the files hold clip ids and no texts
POOLS = {
    "youcook2-3350": (
        "youcook2_3350.txt",
        "the 3,350 validation clips of YouCook2 that the field evaluates retrieval on",
    ),
}
ALL = "all"


@dataclass(frozen=True)
class Pool:
    """Clip ids in the data set's order, and the name that the signature shows."""

    name: str
    clip_ids: tuple[str, ...]


def find_pool(name: str, clip_ids: Sequence[str]) -> Pool:
    """The pool of a name (``all``, ``youcook2-3350``) or of a text file with one clip id a line.

    Args:
        clip_ids: all clips of the split that is evaluated.

    Raises:
        DatasetError: unknown name, unreadable or empty file, a clip listed twice, or clips that the split lacks.
    """
    if name == ALL:
        return Pool(ALL, tuple(clip_ids))
    if name in POOLS:
        lines = (resources.files(__package__) / "pools" / POOLS[name][0]).read_text(encoding="utf-8").splitlines()
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
    wanted = [line.strip() for line in lines if line.strip()]
    doubles = len(wanted) - len(set(wanted))
    if doubles or not wanted:
        raise DatasetError(f"the pool {name} " + (f"lists {doubles} clips twice" if doubles else "is empty"))
    known = set(clip_ids)
    absent = [clip for clip in wanted if clip not in known]
    if absent:
        raise DatasetError(
            f"{len(absent):,} of {len(wanted):,} clips of the pool {name} are not in this split, first {absent[0]!r}",
            hint="evaluate with --pool all, or on the data set and split that the pool was made for",
        )
    listed = set(wanted)
    return Pool(label, tuple(clip for clip in clip_ids if clip in listed))
