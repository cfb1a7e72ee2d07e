"""A folder's content, to compare builds byte for byte."""

import hashlib
from pathlib import Path


def tree(folder: Path) -> dict[str, str]:
    """Relative file name -> sha256 of the content."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
