"""Which file belongs to which video: by its name without the ending, in a folder and all folders in it."""

from collections.abc import Iterable
from pathlib import Path

from ...errors import FeatureError, shown

VIDEO_ENDINGS = frozenset(".mp4 .mkv .webm .avi .mov .m4v .flv .3gp .ts .mpg .mpeg .wmv .ogv".split())


def check_folder(folder: Path) -> None:
    """Refuse a folder that is not there.

    Raises:
        FeatureError: it is not.
    """
    if not folder.is_dir():
        raise FeatureError(f"there is no folder {shown(folder)}")


def files_by_stem(folder: Path, stems: Iterable[str], endings: frozenset[str]) -> dict[str, Path]:
    """Video id -> its file, for the ids that have one.

    Raises:
        FeatureError: no such folder, or two files of one video.
    """
    check_folder(folder)
    wanted, found = set(stems), dict[str, Path]()
    for path in sorted(folder.rglob("*")):
        if path.stem not in wanted or path.suffix.lower() not in endings:
            continue
        if path.stem in found:
            raise FeatureError(f"two files of one video: {found[path.stem]} and {path}", hint="move one of them away")
        found[path.stem] = path
    return found
