"""What a text encoder is: tokenizer, network, pooling and revision in one object. Each kind has a file of its own."""

import json
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ....errors import ModelError
from ....files import read_json
from ....registry import Registry
from ...data.tokens import Buckets, TextInput, Tokens, make_buckets
from ..pooling import Pooling, pool

ENCODER_FILE, TOKENIZER_FOLDER = "encoder.json", "tokenizer"
DEFAULT_KIND = "transformers"
TextKey = tuple[str, int, str]  # clip_id, caption index, language


@dataclass(frozen=True)
class EncoderSpec:
    """One text encoder.

    ``revision`` is the hub commit; ``None`` means the newest, whose commit is recorded when it is loaded.
    ``max_length`` is the most tokens a text is cut to, start and end tokens included.
    """

    name: str
    hub_id: str
    kind: str = DEFAULT_KIND
    revision: str | None = None
    pooling: Pooling = "mean"
    max_length: int = 40
    license: str = ""


class TextEncoder(nn.Module):
    """A text tower's lower part: texts -> token ids and mask -> one pooled vector a text.

    Attributes:
        spec: what it is; ``dim``: D, the size of the pooled vectors; ``trainable``: a frozen one stays in eval mode and
        needs no gradients; ``network``: token ids -> token vectors, if it has one.
    """

    def __init__(
        self, spec: EncoderSpec, network: nn.Module | None, tokenizer: Any, dim: int, *, trainable: bool = True
    ) -> None:
        super().__init__()
        self.spec, self.tokenizer, self.dim, self.trainable = spec, tokenizer, dim, trainable
        self.network = network
        if network is not None and not trainable:
            network.requires_grad_(False).eval()

    @property
    @abstractmethod
    def pad_id(self) -> int:
        """Token id of the padding."""

    @abstractmethod
    def tokenize(self, texts: Sequence[str], *, max_length: int | None = None) -> list[list[int]]:
        """Token ids of each text, special tokens included, cut to ``max_length`` (the spec's if not given); no padding.

        Raises:
            ModelError: this encoder cannot encode a new text, or not as long a one.
        """

    @abstractmethod
    def hidden(self, tokens: Tokens) -> Tensor:
        """Token vectors [N, L, D]."""

    @abstractmethod
    def save_parts(self, folder: Path) -> dict[str, object]:
        """Write tokenizer and shape of the network into ``folder``; returns what ``encoder.json`` remembers of them."""

    def lookup(self, keys: Sequence[TextKey]) -> Tensor | None:
        """Vectors [N, D] of captions that were encoded elsewhere; ``None``: this encoder reads the texts."""
        return None

    def attach(self, argument: str) -> None:
        """Open again what a recipe's ``encoder: KIND:ARGUMENT`` names outside the model's folder, if anything."""

    def train(self, mode: bool = True) -> "TextEncoder":
        """Training mode, which a frozen encoder never enters (its dropout would change the cached embeddings)."""
        return super().train(mode and self.trainable)

    def buckets(self, texts: Sequence[str], *, max_length: int | None = None) -> Buckets:
        """Texts -> what ``forward`` takes."""
        return make_buckets(self.tokenize(texts, max_length=max_length), self.pad_id)

    def forward(self, texts: TextInput) -> Tensor:
        """Pooled vectors [N, D] in the order of the texts; sentence vectors pass through."""
        if isinstance(texts, Buckets):
            return texts.restore([self._pooled(part) for part in texts.parts])
        return self._pooled(texts) if isinstance(texts, Tokens) else texts

    def _pooled(self, tokens: Tokens) -> Tensor:
        return pool(self.hidden(tokens), tokens.mask_NL, self.spec.pooling)

    def save(self, folder: Path) -> None:
        """Write shape and tokenizer (not the weights, which are the model's to save)."""
        folder.mkdir(parents=True, exist_ok=True)
        shape = {"spec": asdict(self.spec), "dim": self.dim, "trainable": self.trainable, **self.save_parts(folder)}
        (folder / ENCODER_FILE).write_text(json.dumps(shape, indent=1, sort_keys=True) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Wanted:
    """What is known when a run asks for a new encoder.

    ``texts`` are all training texts, in every language; ``section`` is the recipe's section of the kind's name, if it
    has one; ``trainable`` false: it will be frozen; ``offline``: nothing may be downloaded.
    """

    texts: Sequence[str]
    section: Mapping[str, Any]
    trainable: bool
    offline: bool


@dataclass(frozen=True)
class EncoderKind:
    """One kind of text encoder; its file adds it to :data:`KINDS`.

    Attributes:
        name: a recipe's ``encoder: NAME`` or ``encoder: NAME:ARGUMENT`` chooses it.
        new: argument, what is wanted -> an encoder ready to be trained.
        restore: folder, spec, content of ``encoder.json`` -> the encoder that was saved, weights still to be loaded.
        pretrained: whether it knows something before training, so that it may be frozen.
        outside: argument -> hash of what it names that lies outside a saved model, such as a store of vectors.
        check: argument, whether offline; raises, as ``new`` would, where there is no such encoder. It is done for all
            models of a run before the first is trained, and so reads next to nothing.
    """

    name: str
    new: Callable[[str, Wanted], TextEncoder]
    restore: Callable[[Path, EncoderSpec, Mapping[str, Any]], TextEncoder]
    pretrained: bool = True
    outside: Callable[[str], str] = lambda argument: ""
    check: Callable[[str, bool], object] = lambda argument, offline: None


KINDS: Registry[EncoderKind] = Registry("multiyoucook2.retrieval.model.encoders", "kind of text encoder", ModelError)


def encoder_kind(name: str) -> tuple[EncoderKind, str]:
    """A recipe's ``encoder`` -> kind and argument; ``vectors:FOLDER`` names its kind, ``labse`` does not."""
    head, _, argument = name.partition(":")
    return (KINDS.find(head), argument) if head in KINDS else (KINDS.find(DEFAULT_KIND), name)


# what a shape that no network can have ends in
_OF_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, MemoryError, ArithmeticError)


def restore_encoder(folder: Path) -> TextEncoder:
    """What :meth:`TextEncoder.save` wrote, with fresh weights that the caller loads next.

    Raises:
        ModelError: a file is missing or damaged.
    """
    try:
        shape = read_json(folder / ENCODER_FILE, dict[str, Any], error=ModelError)
        spec = EncoderSpec(**shape["spec"])
        if not (isinstance(shape["dim"], int) and 1 <= shape["dim"] <= 65536):
            raise ValueError(f"no encoder has {shape['dim']} dimensions")
        return KINDS.find(spec.kind).restore(folder, spec, shape)
    except _OF_DAMAGE as error:
        raise ModelError(f"{folder} holds no text encoder that can be read: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """The first line of an error that says something."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
