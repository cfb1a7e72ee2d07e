"""The pre-flight check: CTranslate2 reads an unknown language token as ``<unk>``, says nothing, and writes garbage."""

import difflib
import re
from pathlib import Path

from ..errors import ModelError
from .folder import ModelFiles, vocabulary
from .tokens import END, Tokenization


def check_tokens(folder: Path, name: str, tokenization: Tokenization) -> None:
    """Checks each special token that a language's batches will use against the converted model's vocabularies.

    Raises:
        ModelError: a token is missing; the hint names the nearest that the model has.
    """
    sides = {"source": (END, *tokenization.prefix), "target": tokenization.target_prefix}
    for side, wanted in sides.items():
        tokens = vocabulary(folder, side)
        known = frozenset(tokens)
        for token in wanted:
            if token not in known:
                raise _missing(name, token, f"its {side} vocabulary", tokens, tokenization.language_tokens)


def check_listed(files: ModelFiles, language_tokens: str, token: str | None) -> None:
    """Checks a language's token against the files of a model whose weights are not downloaded, where they list any.

    Raises:
        ModelError: the token is not among those that they list.
    """
    pattern = re.compile(language_tokens)
    if token and token not in files.token_set and any(map(pattern.fullmatch, files.tokens)):
        raise _missing(files.place, token, "its vocabulary", files.tokens, pattern)


def _missing(name: str, token: str, where: str, tokens: list[str], language_tokens: re.Pattern[str]) -> ModelError:
    return ModelError(f"model {name!r} has no token {token!r} in {where}", hint=_near(token, tokens, language_tokens))


def _near(wished: str, tokens: list[str], language_tokens: re.Pattern[str]) -> str:
    known = sorted(token for token in tokens if language_tokens.fullmatch(token))
    if not known:
        return "it has no language tokens at all: is it a model for one language, or of another family?"
    close = difflib.get_close_matches(wished, known, n=3, cutoff=0.4)
    meant = f"nearest: {', '.join(close)}; " if close else ""
    shown = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    return f"{meant}it has {len(known)} language tokens: {shown}"
