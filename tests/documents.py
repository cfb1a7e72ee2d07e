"""The project's documents as their readers use them: code blocks, command lines, links."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from multiyoucook2.cli.app import app

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = "<!-- run -->"  # before a block that a test runs

TOP = typer.main.get_command(app).commands  # type: ignore[attr-defined]
COMMANDS = {
    " ".join([name, *inner]): found
    for name, command in TOP.items()
    for inner, found in (
        [((sub,), row) for sub, row in command.commands.items()] if hasattr(command, "commands") else [((), command)]
    )
}
_FENCE = re.compile(rf"(?P<run>{RUN}\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its kind (``python``, ``console``, or empty), its text, and whether a test runs it."""

    kind: str
    text: str
    run: bool

    def commands(self) -> Iterator[str]:
        """Its shell lines, without prompt and comment, continued ones joined; a console block's outputs left out."""
        for line in self.text.replace("\\\n", " ").splitlines():
            if self.kind == "console" and not line.startswith("$ "):
                continue
            words = shlex.split(line.removeprefix("$ "), comments=True) if self.kind in ("", "console") else []
            for part in shlex.join(words).replace("'&&'", "\n").splitlines():
                yield part.strip()

    def shown(self) -> list[str]:
        """What a console block shows below its last command."""
        return self.text.rpartition("$ ")[2].splitlines()[1:]


def blocks(document: Path) -> list[Block]:
    """All fenced blocks of a document."""
    found = _FENCE.finditer(document.read_text(encoding="utf-8"))
    return [Block(match["kind"], match["text"], bool(match["run"])) for match in found]


def inline(document: Path) -> list[str]:
    """What stands between single backticks, fenced blocks left out."""
    return re.findall(r"`([^`\n]+)`", _FENCE.sub("", document.read_text(encoding="utf-8")))


def check_command_line(line: str) -> None:
    """Every command and option of a line exists, and takes what it is given. What follows a pipe is not ours."""
    words = [word for word in shlex.split(re.split(r" '?[|>]'? ", line)[0], comments=True)[1:] if word != "--debug"]
    if not words or words[0].startswith("-"):
        return
    name = next((name for name in COMMANDS if words[: len(name.split())] == name.split()), None)
    assert name, f"no such command: {line}"
    arguments = words[len(name.split()) :]
    if "..." in arguments:  # the reader's part: only the options' names can be checked
        known = {"--help"} | {option for parameter in COMMANDS[name].params for option in parameter.opts}
        unknown = [word for word in arguments if word.startswith("-") and word not in known]
        assert not unknown, f"no such option: {unknown} in {line}"
        return
    COMMANDS[name].make_context(name, arguments)


def renewed(shown: list[str], printed: str) -> list[str]:
    """What a document shows, as it is printed now. ``...`` stands for any lines.

    Raises:
        AssertionError: more than figures has changed.
    """
    parts: list[list[str]] = [[]]
    for line in shown:
        if line == "...":
            parts.append([])
        else:
            parts[-1].append(line)
    rest, found = printed.splitlines(), []
    for number, part in enumerate(parts):
        wanted, there = [outline(line) for line in part], [outline(line) for line in rest]
        starts = [place for place in range(len(rest) + 1) if there[place : place + len(part)] == wanted]
        assert starts, "\n".join(["the document shows:", *wanted, "printed was:", *there])
        assert number or starts[0] == 0, f"printed before what the document shows: {rest[0]}"
        found += [*(["..."] if number else []), *rest[starts[0] : starts[0] + len(part)]]
        rest = rest[starts[0] + len(part) :]
    assert shown[-1] == "..." or not rest, f"printed after what the document shows: {rest}"
    return found


def outline(line: str) -> str:
    """A line without what may differ between processors, whose arithmetic is not the same to the last bit.

    Those are figures, hashes, widths of columns, which check refused a row, and so which rows are shown.
    """
    line = re.sub(r"\b[0-9a-f]{8,}\b", "HASH", line)
    line = re.sub(r"^  (cs|de|en|es|fr|ja|ru|vi|zh)  .*", "CAPTION", line)
    line = re.sub(r" refused by \w+: .*", " refused by CHECK", line)
    line = re.sub(r" \d[\d,]*( +[\d,%?-]+){2,}( +(\w+ \d+, )*\w+ \d+)?$", " FIGURES", line)
    return " ".join(re.sub(r"[-+]?\d+([.,]\d+)?", "0", line).replace("─", "").split())
