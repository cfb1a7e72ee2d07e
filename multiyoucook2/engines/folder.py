"""What lies in a model folder, read without loading a model: its kind, configuration, vocabulary and licence."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import ModelError, RecipeError
from ..languages import language
from .marian_npz import MARIAN, MARIAN_FILE, marian_vocabulary

DESCRIPTION = "mycook.json"  # what a user, or our conversion, says of a folder


def is_ctranslate2(folder: Path) -> bool:
    """Whether a folder holds a converted model."""
    return (folder / "model.bin").is_file() and (folder / "config.json").is_file()


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object, or ``None`` where the file is absent.

    Raises:
        ModelError: the file is no JSON object.
    """
    if not path.is_file():
        return None
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise ModelError(
            f"{path} is not JSON", hint="the model folder is damaged: download or convert it again"
        ) from None
    if not isinstance(value, dict):
        raise ModelError(
            f"{path} holds no JSON object", hint="the model folder is damaged: download or convert it again"
        )
    return value


def vocabulary(folder: Path, side: str) -> list[str]:
    """The tokens of a converted model, ``side`` ``"source"`` or ``"target"``."""
    for stem in (f"{side}_vocabulary", "shared_vocabulary", "vocabulary"):
        path = folder / f"{stem}.json"
        if path.is_file():
            try:
                return [str(token) for token in json.loads(path.read_text(encoding="utf-8"))]
            except (ValueError, TypeError, RecursionError):
                raise ModelError(f"{path} is no list of tokens", hint="convert the model again") from None
        if (folder / f"{stem}.txt").is_file():
            return (folder / f"{stem}.txt").read_text(encoding="utf-8").splitlines()
    raise ModelError(f"{folder} has no {side} vocabulary", hint="convert the model again with CTranslate2 4")


def license_of_readme(folder: Path) -> str | None:
    """The licence in the YAML head of a model card, if there is one; its name, where the Hub lists it as "other"."""
    card = folder / "README.md"
    if not card.is_file():
        return None
    head = card.read_text(encoding="utf-8", errors="replace").split("\n---", 1)[0]
    said = dict(re.findall(r"^(license|license_name):\s*['\"]?([\w.+-]+)", head, flags=re.MULTILINE))
    own = said.get("license")
    return said.get("license_name", own) if own == "other" else own


@dataclass(frozen=True)
class ModelFiles:
    """A model's small files in ``folder``, as far as they tell what it is.

    ``place`` is how messages name the model. ``names`` are the model's files, of which those of a repository that is
    not yet downloaded lie elsewhere.
    """

    place: str
    folder: Path
    names: Collection[str]

    @classmethod
    def of(cls, folder: Path) -> "ModelFiles":
        """What a folder of this disk holds."""
        return cls(str(folder), folder, frozenset(path.name for path in folder.iterdir()))

    @property
    def converted(self) -> bool:
        """Whether this is a CTranslate2 model. Its config.json may be the original's, so model.bin decides."""
        return {"model.bin", "config.json"} <= set(self.names)

    @cached_property
    def about(self) -> dict[str, Any]:
        """``mycook.json``, where there is one."""
        return read_json(self.folder / DESCRIPTION) or {}

    @cached_property
    def declared_languages(self) -> dict[str, str]:
        """Our code of each language that ``mycook.json`` states -> how that spells it; empty where it states none."""
        found = self.about.get("languages") or []
        if not isinstance(found, list) or not all(isinstance(code, str) for code in found):
            raise ModelError(f"{self.folder / DESCRIPTION}: languages is no list of codes", hint='such as ["de", "fr"]')
        try:
            return {language(code).code: code for code in found}
        except RecipeError as error:
            raise ModelError(f"{self.folder / DESCRIPTION}: languages: {error}", hint=error.hint) from None

    @cached_property
    def config(self) -> dict[str, Any]:
        """``config.json``, where there is one."""
        return read_json(self.folder / "config.json") or {}

    @property
    def model_type(self) -> str:
        """transformers' name of the architecture; ``marian-npz`` for Marian's own format; empty where nothing tells."""
        if self.converted:
            return ""
        return str(self.config.get("model_type") or "") or (MARIAN if MARIAN_FILE in self.names else "")

    @cached_property
    def tokenizer_config(self) -> dict[str, Any]:
        """``tokenizer_config.json``, where there is one."""
        return read_json(self.folder / "tokenizer_config.json") or {}

    @property
    def tokenizer_class(self) -> str:
        """Name of the tokenizer's class, in lower case."""
        return str(self.tokenizer_config.get("tokenizer_class") or "").lower()

    @cached_property
    def tokens(self) -> list[str]:
        """The vocabulary of a converted model, of ``vocab.json`` or ``tokenizer.json``; empty where none is there."""
        if self.converted:
            return vocabulary(self.folder, "source")
        if self.model_type == MARIAN:
            return marian_vocabulary(self.folder)
        listed = read_json(self.folder / "vocab.json")
        if listed is not None:
            return list(listed)
        fast = read_json(self.folder / "tokenizer.json") or {}
        pieces = (fast.get("model") or {}).get("vocab") or []
        names = [piece if isinstance(piece, str) else str(piece[0]) for piece in pieces]
        return names + [str(row.get("content")) for row in fast.get("added_tokens") or []]

    @property
    def weights(self) -> str:
        """Which weights are there: ``ctranslate2``, ``safetensors``, ``pickle``, another format's name, or nothing."""
        ends = {
            "safetensors": ".safetensors",
            "pickle": ".bin",
            "npz": ".npz",
            "GGUF": ".gguf",
            "ONNX": ".onnx",
            "HDF5": ".h5",
        }
        if self.converted:
            return "ctranslate2"
        return next((name for name, end in ends.items() if any(file.endswith(end) for file in self.names)), "")

    @cached_property
    def token_set(self) -> frozenset[str]:
        """:attr:`tokens`, to look tokens up in."""
        return frozenset(self.tokens)

    @cached_property
    def license(self) -> str:
        """What ``mycook.json`` or the card says, in lower case; ``unknown`` otherwise."""
        return str(self.about.get("license") or license_of_readme(self.folder) or "unknown").lower()
