"""How a score was made, in one line for people and as values for programs; both come from the same fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ...version import __version__

_ONLY_VALUES = {"only_values": True}  # too long for the line


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Everything that changes the number, in the order of the line. What is empty is not said.

    Attributes:
        task: ``t2v`` (texts ask for videos) or ``v2t``; ``lang``: of the texts.
        data: name and 8 digits of the hash of the whole data set; ``data_hash``: all digits; ``split``.
        clips: name of the pool; ``pool``: number of clips in it; ``missing``: those without features, which are misses.
        queries: number of queries, where it is not that of the clips; ``candidates``: likewise.
        query: which captions of a clip ask, see :mod:`.queries`; ``relevant``: what answers besides the clip's own.
        ties: the rule for equal scores, and from which difference on they are not equal, if not exactly.
        feat: name and 8 digits of the hash of the features; ``made``: settings that they were made with.
        precision: of the model's arithmetic; ``tokens``: at most, of a text; ``select``: how the epoch was chosen.
        more: what a caller adds.
    """

    task: str = "t2v"
    lang: str = ""
    data: str = ""
    split: str = ""
    pool: int = 0
    missing: int = 0
    queries: int = 0
    candidates: int = 0
    query: str = ""
    relevant: str = ""
    ties: str = "mean"
    feat: str = ""
    made: str = ""
    clips: str = ""
    precision: str = ""
    tokens: int = 0
    select: str = ""
    more: tuple[tuple[str, str], ...] = ()
    v: str = __version__
    data_hash: str = field(default="", metadata=_ONLY_VALUES)
    feat_hash: str = field(default="", metadata=_ONLY_VALUES)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Signature":
        """What :meth:`to_dict` gave; TypeError for anything else."""
        more = values.get("more", {})
        return cls(**{**values, "more": tuple(sorted((str(key), str(said)) for key, said in more.items()))})

    @property
    def how(self) -> tuple[Any, ...]:
        """All that languages of one table share: every field but the task, the language and the counts of queries."""
        own = {"task", "lang", "missing", "queries", "candidates"}
        return tuple(getattr(self, one.name) for one in fields(self) if one.name not in own)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: every field that says something."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: dict(value) if name == "more" else value for name, value in values.items() if value}

    def __str__(self) -> str:
        parts = ["R@K"]
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name == "more":
                parts += [f"{key}:{said}" for key, said in value]
            elif value and not one.metadata.get("only_values"):
                parts.append(f"{one.name}:{value}")
        for part in parts:
            if "|" in part or not part.isprintable():
                raise ValueError(f"a signature cannot hold {part!r}")
        return "|".join(parts)


MEASURED = frozenset(
    {"pool", "missing", "queries", "candidates", "ties", "v"}
)  # said by the scoring, not by the caller


def signature_of(labels: Mapping[str, Any], **measured: Any) -> Signature:
    """A signature of a caller's labels, known fields and others, that cannot overrule what was done.

    Raises:
        ValueError: a label that the line could not be split at again.
    """
    names = {one.name for one in fields(Signature)} - MEASURED - {"more"}
    known = {key: value for key, value in labels.items() if key in names}
    others = sorted((key, str(value)) for key, value in labels.items() if key not in names | MEASURED)
    for key, _ in others:
        if ":" in key:
            raise ValueError(f"a signature cannot hold the label {key!r}")
    return Signature(**known, **measured, more=tuple(others))


def shared_lines(signatures: Mapping[tuple[str, str], Signature]) -> list[str]:
    """What all scores' signatures agree in, once; then what each says besides, for those that say anything.

    Keys are (task, language), which each line names.
    """
    found = {key: dict(part.partition(":")[::2] for part in str(one).split("|")[1:]) for key, one in signatures.items()}
    if not found:
        return []
    first = next(iter(found.values()))
    same = [key for key in first if all(one.get(key) == first[key] for one in found.values())]
    lines = ["|".join(["R@K", *(f"{key}:{first[key]}" for key in same)])]
    for (task, lang), one in found.items():
        rest = [f"{key}:{value}" for key, value in one.items() if key not in (*same, "task", "lang")]
        if rest:
            lines.append(f"  {task} {lang}: {'|'.join(rest)}")
    return lines
