"""Pieces of the machinery in a text: broken characters, marks of unknown words, tokens that name a language."""

import re

_ARTEFACT = re.compile(
    r"\ufffd|\u2047|\u2581|</?(?:unk|s|pad|bos|eos)>|\[(?:UNK|CLS|SEP|PAD)\]"
    r"|__[a-z]{2,3}__|>>[a-z]{2,3}[^<>]{0,12}<<|<2[a-z]{2,3}>|\b[a-z]{3}_[A-Z][a-z]{3}\b|<\|[^|]{1,24}\|>"
    r"|</?(?:start|end)_of_turn>"
)


def find_artefact(source: str, text: str) -> str | None:
    """The first character or token that no text has, and the source has not either; ``None`` if there is none.

    >>> find_artefact("add salt", "Salz <unk> zugeben")
    '<unk>'
    """
    return next((found for found in _ARTEFACT.findall(text) if found not in source), None)
