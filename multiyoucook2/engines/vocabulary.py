"""The pre-flight check: CTranslate2 reads an unknown language token as ``<unk>``, says nothing, and writes garbage."""

import difflib
from pathlib import Path

from ..errors import ModelError
from .local import vocabulary
from .registry import FAMILIES
from .tokens import LANGUAGE_TOKEN


def check_tokens(folder: Path, name: str, family: str, token: str | None) -> None:
    """Checks each special token that a language's batches will use against the converted model's vocabularies.

    Raises:
        ModelError: a token is missing; the hint names the nearest that the model has.
    """
    rule = FAMILIES[family]
    source, target = vocabulary(folder, "source"), vocabulary(folder, "target")
    wanted = [("</s>", source, "source")]
    if rule.source_token == "english":
        wanted.append((rule.english, source, "source"))
    elif token is not None:
        wanted.append((token, source, "source"))
    if rule.target_prefix and token is not None:
        wanted.append((token, target, "target"))
    for wished, tokens, side in wanted:
        if wished not in tokens:
            raise ModelError(
                f"model {name!r} has no token {wished!r} in its {side} vocabulary", hint=_near(wished, tokens)
            )


def _near(wished: str, tokens: list[str]) -> str:
    known = sorted(token for token in tokens if LANGUAGE_TOKEN.fullmatch(token))
    if not known:
        return "it has no language tokens at all: is it a model for one language, or of another family?"
    close = difflib.get_close_matches(wished, known, n=3, cutoff=0.4)
    meant = f"nearest: {', '.join(close)}; " if close else ""
    shown = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    return f"{meant}it has {len(known)} language tokens: {shown}"
