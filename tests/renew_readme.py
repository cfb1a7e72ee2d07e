"""Puts what the README's commands print now in the place of what it shows: python tests/renew_readme.py FOLDER

They run in FOLDER, in full, training too: some minutes. What differs by more than figures has to be mended by hand.
"""

import shlex
import subprocess
import sys
from pathlib import Path

from documents import ROOT, blocks, renewed

README = ROOT / "README.md"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = README.read_text(encoding="utf-8")
    for block in blocks(README):
        if not block.run or block.kind != "console":
            continue
        printed = ""
        for line in block.commands():
            print(f"$ {line}", flush=True)
            done = subprocess.run(shlex.split(line), cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
            printed = done.stdout
        if shown := block.shown():
            text = text.replace("\n".join(shown), "\n".join(renewed(shown, printed)))
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
