"""What a push would change in a repository: files, rows of each language, and lines of the card."""

import difflib
import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DatasetError, shown
from ..files import read_parquet
from .hub_metadata import ALL

if TYPE_CHECKING:
    import pyarrow as pa
    from huggingface_hub import HfApi

CARD_FILE = "README.md"
CARD_LINES = 40  # of the card's difference that are kept


@dataclass
class RowChange:
    """Rows of one file: only here, only there, with another caption, and accepted here but not there or the reverse."""

    new: int = 0
    gone: int = 0
    caption: int = 0
    accepted: int = 0


@dataclass
class Difference:
    """What a push would do. ``rows`` by file; a file that only one side has is in none of them."""

    repo: str
    exists: bool
    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    unchanged: int = 0
    rows: dict[str, RowChange] = field(default_factory=dict)
    card: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def difference(
    api: "HfApi",
    repo: str,
    ours: Mapping[str, bytes | Path],
    there: Mapping[str, str] | None,
    stale: Sequence[str],
) -> Difference:
    """Compare files that would be pushed with those that are there.

    Args:
        ours: name -> bytes, or the file.
        there: name -> git's or LFS' hash of the file in the repository; ``None``: there is no repository.
        stale: names there that the push would delete.
    """
    found = Difference(repo, there is not None, deleted=sorted(stale))
    there = there or {}
    for name, content in ours.items():
        if name not in there:
            found.new.append(name)
        elif there[name] in _hashes(content):
            found.unchanged += 1
        else:
            found.changed.append(name)
    with tempfile.TemporaryDirectory() as folder:
        for name in found.changed:
            if name == CARD_FILE or (name.endswith(".parquet") and not name.startswith(f"{ALL}/")):
                path = Path(api.hf_hub_download(repo, name, repo_type="dataset", cache_dir=folder))
                if name == CARD_FILE:
                    found.card = _card_lines(path.read_bytes(), _bytes(ours[name]))
                else:
                    found.rows[name] = _row_change(path, ours[name])
    return found


def _bytes(content: bytes | Path) -> bytes:
    return content if isinstance(content, bytes) else content.read_bytes()


def _hashes(content: bytes | Path) -> tuple[str, str]:
    """Git's name of a blob, and the SHA-256 that LFS goes by."""
    data = _bytes(content)
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest(), hashlib.sha256(data).hexdigest()


def _card_lines(before: bytes, after: bytes) -> list[str]:
    old, new = (data.decode("utf-8", "replace").splitlines() for data in (before, after))
    lines = [line for line in difflib.unified_diff(old, new, lineterm="", n=0) if not line.startswith(("---", "+++"))]
    return [shown(line) for line in lines[:CARD_LINES]]


def _row_change(before: Path, after: bytes | Path) -> RowChange:
    if isinstance(after, bytes):
        raise TypeError("a table is a file")
    try:
        old, new = _rows(read_parquet(before, error=DatasetError)), _rows(read_parquet(after, error=DatasetError))
    except (DatasetError, KeyError, TypeError):  # no columns of ours, or lists in them
        return RowChange()  # of another format: the file is named as changed
    both = old.keys() & new.keys()
    return RowChange(
        new=len(new.keys() - old.keys()),
        gone=len(old.keys() - new.keys()),
        caption=sum(old[key][0] != new[key][0] for key in both),
        accepted=sum(old[key][1] != new[key][1] for key in both),
    )


def _rows(table: "pa.Table") -> dict[tuple[str, int], tuple[str | None, bool]]:
    clips, captions, accepted = (table[name].to_pylist() for name in ("clip_id", "caption", "accepted"))
    several = "caption_index" in table.column_names
    indices = table["caption_index"].to_pylist() if several else [0] * len(clips)
    return dict(zip(zip(clips, indices, strict=True), zip(captions, accepted, strict=True), strict=True))
