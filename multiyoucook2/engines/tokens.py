"""Text to source tokens and target tokens to text, by SentencePiece and the family's layout."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..errors import ModelError
from .base import Source

END = "</s>"
UNKNOWN = "<unk>"
SPECIAL = frozenset({"<s>", END, "<pad>", UNKNOWN})
_BRACKETED = re.compile(r"<\S+>|\[\S+\]")  # what control tokens look like, as none of a caption's words do
_FILLER = re.compile(r"madeupword\d+|<extra_id_\d+>")  # rows that pad an embedding to a round size
SOURCE_FILES = ("source.spm", "sentencepiece.bpe.model", "spiece.model", "sentencepiece.model")
TARGET_FILES = ("target.spm", *SOURCE_FILES[1:])
FAST_FILE = "tokenizer.json"
TOKENIZER_FILES = (*SOURCE_FILES, "target.spm", FAST_FILE)


class Pieces(Protocol):
    """A subword model: texts to pieces and back, without special tokens."""

    def split(self, texts: Sequence[str]) -> list[list[str]]:
        """The pieces of each text."""

    def join(self, pieces: Sequence[str]) -> str:
        """The text that pieces spell."""


class SentencePieces:
    """A ``.model`` or ``.spm`` file."""

    def __init__(self, path: Path) -> None:
        import sentencepiece

        try:
            self._processor: Any = sentencepiece.SentencePieceProcessor(model_file=str(path))
        except (RuntimeError, OSError):
            raise ModelError(f"{path} is not a SentencePiece model", hint="the model folder is damaged") from None

    def split(self, texts: Sequence[str]) -> list[list[str]]:
        """The pieces of each text."""
        return [list(row) for row in self._processor.encode(list(texts), out_type=str)]

    def join(self, pieces: Sequence[str]) -> str:
        """The text that pieces spell; a piece that this model lacks is spelled as it stands, as transformers does."""
        return str(self._processor.decode_pieces(list(pieces))).replace("\u2581", " ")


def fast_tokenizer(path: Path) -> Any:
    """A ``tokenizer.json``, without the padding and the truncation that a fine-tuning run leaves in it.

    Raises:
        ModelError: it is none.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception:  # tokenizers raises bare Exception
        raise ModelError(f"{path} is not a tokenizer", hint="copy the original model's beside the model") from None
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def caption_tokenizer(path: Path) -> Any:
    """A ``tokenizer.json`` that reads control tokens as plain text.

    Some files say of a control token that it is not special (Qwen's ``<think>`` and ``<tool_call>``), so that it would
    be matched in a caption: what was added to the vocabulary in brackets counts as control.
    """
    tokenizer = fast_tokenizer(path)
    added = (token.content for token in tokenizer.get_added_tokens_decoder().values())
    tokenizer.add_special_tokens([content for content in added if _BRACKETED.fullmatch(content)])
    tokenizer.encode_special_tokens = True
    return tokenizer


class FastPieces:
    """A ``tokenizer.json``, which is all that transformers 5 saves of the NLLB and T5 tokenizers.

    A control token in a text is read as plain text.
    """

    def __init__(self, path: Path) -> None:
        self._tokenizer = fast_tokenizer(path)
        self._tokenizer.encode_special_tokens = True

    def split(self, texts: Sequence[str]) -> list[list[str]]:
        """The pieces of each text."""
        return [list(row.tokens) for row in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def join(self, pieces: Sequence[str]) -> str:
        """The text that pieces spell."""
        ids = [self._tokenizer.token_to_id(piece) for piece in pieces]
        return str(self._tokenizer.decode([i for i in ids if i is not None], skip_special_tokens=True))


@dataclass(frozen=True)
class Tokenization:
    """One model's way into one language.

    ``prefix`` are the tokens before the source pieces, ``target_prefix`` those that decoding starts with,
    ``positions`` the longest source sequence, special tokens included. ``language_tokens`` is what the family's tokens
    for languages look like. ``ends``: whether the source needs ``</s>``, which some conversions add themselves.
    """

    source: Pieces
    target: Pieces
    prefix: tuple[str, ...]
    target_prefix: tuple[str, ...]
    positions: int
    language_tokens: re.Pattern[str]
    lowercase: bool = False
    ends: bool = True

    def encode(self, texts: Sequence[str]) -> list[Source]:
        """The source tokens of each text: prefix, pieces, ``</s>``; cut to ``positions``."""
        room = self.positions - len(self.prefix) - 1
        end = (END,) if self.ends else ()
        rows = map(self._disarmed, self.source.split([self._prepare(text) for text in texts]))
        return [
            Source((*self.prefix, *row[:room], *end), before=len(self.prefix), after=len(end), cut=len(row) >= room)
            for row in rows
        ]

    def _disarmed(self, row: list[str]) -> list[str]:
        """The pieces of a text; a control token among them, which the text only mentions, is spelled."""
        control = {piece for piece in row if piece != UNKNOWN and self.is_special(piece)}
        if not control:
            return row
        spelled = {piece: self.source.split([f"{piece[0]} {piece[1:]}"])[0] for piece in control}
        return [part for piece in row for part in spelled.get(piece, [piece])]

    def is_special(self, token: str) -> bool:
        """Whether a token stands for no text: an end, a language, an unknown piece, a filler."""
        return token in SPECIAL or bool(self.language_tokens.fullmatch(token) or _FILLER.fullmatch(token))

    def decode(self, tokens: Sequence[str]) -> str:
        """The text of target tokens; special tokens are left out."""
        return self.target.join([token for token in tokens if not self.is_special(token)]).strip()

    def _prepare(self, text: str) -> str:
        text = " ".join(text.split())
        return text.lower().removesuffix(".").rstrip() if self.lowercase else text


def load_pieces(folder: Path) -> tuple[Pieces, Pieces]:
    """The subword models of a converted model's folder, source and target; often one and the same.

    Raises:
        ModelError: the folder has none.
    """
    source = _load(folder, SOURCE_FILES)
    return source, _load(folder, TARGET_FILES) if (folder / "target.spm").is_file() else source


def _load(folder: Path, names: Sequence[str]) -> Pieces:
    for name in names:
        if (folder / name).is_file():
            return SentencePieces(folder / name)
    if (folder / FAST_FILE).is_file():
        return FastPieces(folder / FAST_FILE)
    raise ModelError(
        f"{folder} has no subword model", hint=f"copy one of {', '.join(TOKENIZER_FILES)} beside the model"
    )
