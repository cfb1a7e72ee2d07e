"""Text encoders: tokenizer, transformer, pooling and revision in one object, and the registry of the known ones."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ...errors import ModelError, nearest
from ..data.tokens import Buckets, TextInput, Tokens, make_buckets
from .pooling import Pooling, pool
from .tiny import PAD, TinyConfig, TinyTransformer, train_tokenizer

ENCODER_FILE = "encoder.json"
SHAPE_FOLDER = "encoder"  # config.json of a transformers model
TOKENIZER_FOLDER = "tokenizer"


@dataclass(frozen=True)
class EncoderSpec:
    """One text encoder.

    ``revision`` is the hub commit; ``None`` means the newest, whose commit is recorded when it is loaded.
    ``max_length`` is the most tokens a text is cut to, start and end tokens included.
    """

    name: str
    hub_id: str
    kind: Literal["transformers", "tiny", "vectors"] = "transformers"
    revision: str | None = None
    pooling: Pooling = "mean"
    max_length: int = 40
    license: str = ""


ENCODERS: dict[str, EncoderSpec] = {
    row.name: row
    for row in (
        EncoderSpec("labse", "sentence-transformers/LaBSE", license="apache-2.0"),
        EncoderSpec("xlm-r", "FacebookAI/xlm-roberta-base", license="mit"),
        EncoderSpec("mbert", "google-bert/bert-base-multilingual-uncased", license="apache-2.0"),
        EncoderSpec("distiluse", "sentence-transformers/distiluse-base-multilingual-cased-v2", license="apache-2.0"),
        EncoderSpec("infoxlm", "microsoft/infoxlm-base"),
        EncoderSpec("xlm-align", "microsoft/xlm-align-base"),
        EncoderSpec("simcse", "princeton-nlp/sup-simcse-roberta-base"),
    )
}
_OLD_IDS = {"xlm-roberta-base": "xlm-r", "bert-base-multilingual-uncased": "mbert"}


class TextEncoder(nn.Module):
    """A text tower's lower part: texts -> token ids and mask -> one pooled vector a text.

    Attributes:
        spec: what it is; ``dim``: D, the size of the pooled vectors; ``trainable``: a frozen one stays in eval mode and
        needs no gradients. An encoder of the kind ``"vectors"`` has no network: its texts were encoded elsewhere.
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
    def _config(self) -> Any:
        return getattr(self.network, "config", None)

    @property
    def pad_id(self) -> int:
        """Token id of the padding."""
        if self.spec.kind == "tiny":
            return int(self.tokenizer.token_to_id(PAD))
        return int(self.tokenizer.pad_token_id)

    def train(self, mode: bool = True) -> "TextEncoder":
        """Training mode, which a frozen encoder never enters (its dropout would change the cached embeddings)."""
        return super().train(mode and self.trainable)

    def tokenize(self, texts: Sequence[str], *, max_length: int | None = None) -> list[list[int]]:
        """Token ids of each text, special tokens included, cut to ``max_length`` (the spec's if not given); no padding.

        Raises:
            ModelError: this encoder's vectors were computed elsewhere, so it cannot encode a new text.
        """
        if self.tokenizer is None:
            raise ModelError(
                f"the encoder {self.spec.name!r} has vectors only and cannot encode new text",
                hint="compute the vectors with the same model, or train with one of: " + ", ".join(ENCODERS),
            )
        longest = max_length or self.spec.max_length
        if self.spec.kind == "tiny":
            longest = min(longest, self._config.max_length)
            return [encoding.ids[:longest] for encoding in self.tokenizer.encode_batch(list(texts))]
        if not texts:
            return []
        ids: list[list[int]] = self.tokenizer(list(texts), truncation=True, max_length=longest)["input_ids"]
        return ids

    def buckets(self, texts: Sequence[str], *, max_length: int | None = None) -> Buckets:
        """Texts -> what ``forward`` takes."""
        return make_buckets(self.tokenize(texts, max_length=max_length), self.pad_id)

    def forward(self, texts: TextInput) -> Tensor:
        """Pooled vectors [N, D] in the order of the texts; sentence vectors pass through."""
        if isinstance(texts, Buckets):
            return texts.restore([self._pooled(part) for part in texts.parts])
        return self._pooled(texts) if isinstance(texts, Tokens) else texts

    def _pooled(self, tokens: Tokens) -> Tensor:
        if self.network is None:
            raise ModelError(f"the encoder {self.spec.name!r} has vectors only and cannot encode new text")
        if self.spec.kind == "tiny":
            hidden_NLD = self.network(tokens.ids_NL, tokens.mask_NL)
        else:
            hidden_NLD = self.network(input_ids=tokens.ids_NL, attention_mask=tokens.mask_NL).last_hidden_state
        return pool(hidden_NLD, tokens.mask_NL, self.spec.pooling)

    def save(self, folder: Path) -> None:
        """Write shape and tokenizer (not the weights, which are the model's to save)."""
        folder.mkdir(parents=True, exist_ok=True)
        shape: dict[str, Any] = {"spec": asdict(self.spec), "dim": self.dim, "trainable": self.trainable}
        if self.spec.kind == "tiny":
            shape["tiny"] = self._config.to_dict()
            (folder / TOKENIZER_FOLDER).mkdir(exist_ok=True)
            self.tokenizer.save(str(folder / TOKENIZER_FOLDER / "tokenizer.json"))
        elif self.spec.kind == "transformers":
            self._config.save_pretrained(folder / SHAPE_FOLDER)
            self.tokenizer.save_pretrained(folder / TOKENIZER_FOLDER)
        (folder / ENCODER_FILE).write_text(json.dumps(shape, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def tiny_encoder(texts: Iterable[str], *, config: TinyConfig | None = None, name: str = "tiny") -> TextEncoder:
    """A small untrained encoder whose tokenizer is trained on ``texts``; weights come from torch's global generator.

    The embedding table has ``config.vocab_size`` rows, or fewer where the texts yield a smaller vocabulary.
    """
    config = config or TinyConfig()
    tokenizer = train_tokenizer(texts, vocab_size=config.vocab_size)
    config = TinyConfig(**{**config.to_dict(), "vocab_size": tokenizer.get_vocab_size()})
    spec = EncoderSpec(name, "", kind="tiny", max_length=min(40, config.max_length))
    return TextEncoder(spec, TinyTransformer(config), tokenizer, config.dim)


def vector_encoder(name: str, dim: int) -> TextEncoder:
    """The stand-in for a model whose sentence vectors were computed elsewhere: it passes them through."""
    return TextEncoder(EncoderSpec(name, "", kind="vectors"), None, None, dim, trainable=False)


def find_encoder(name: str) -> EncoderSpec:
    """The row of a registry name, of any hub id (``owner/name``), or of a local folder of a transformers model.

    Raises:
        ModelError: neither of them; the message names the nearest known names.
    """
    name = _OLD_IDS.get(name, name)
    if name in ENCODERS:
        return ENCODERS[name]
    for row in ENCODERS.values():
        if row.hub_id == name:
            return row
    if Path(name).is_dir():
        return EncoderSpec(Path(name).resolve().name, name)
    if name.count("/") == 1 and all(name.split("/")):
        return EncoderSpec(name.split("/")[1], name)
    raise ModelError(f"unknown text encoder {name!r}", hint=nearest(name, [*ENCODERS, "tiny"]))


def load_encoder(
    name: str, *, trainable: bool = True, pooling: Pooling | None = None, offline: bool = False
) -> TextEncoder:
    """A pretrained encoder with its weights, by registry name, hub id or local folder.

    Raises:
        ModelError: unknown, not downloadable (or ``offline`` and not in the cache), or not a text encoder.
    """
    from transformers import AutoModel, AutoTokenizer

    spec = find_encoder(name)
    options = {"revision": spec.revision or "main", "local_files_only": offline or Path(spec.hub_id).is_dir()}
    try:
        tokenizer = AutoTokenizer.from_pretrained(spec.hub_id, **options)
        network = AutoModel.from_pretrained(spec.hub_id, dtype=torch.float32, **options)
    except (OSError, ValueError) as error:
        hint = "run once without --offline, or give a local folder" if offline else "check the id and the network"
        raise ModelError(f"cannot load the text encoder {name!r}: {_first_line(error)}", hint=hint) from None
    if tokenizer.pad_token_id is None:
        raise ModelError(f"the tokenizer of {name!r} has no padding token, so its texts cannot be batched")
    commit = getattr(network.config, "_commit_hash", None) or spec.revision
    values = asdict(spec) | {"revision": commit, "pooling": pooling or spec.pooling}
    _drop_pooler(network)
    return TextEncoder(EncoderSpec(**values), network, tokenizer, int(network.config.hidden_size), trainable=trainable)


def restore_encoder(folder: Path) -> TextEncoder:
    """What :meth:`TextEncoder.save` wrote, with fresh weights that the caller loads next.

    Raises:
        ModelError: a file is missing or damaged.
    """
    try:
        shape = json.loads((folder / ENCODER_FILE).read_text(encoding="utf-8"))
        spec = EncoderSpec(**shape["spec"])
        network, tokenizer = _shell(folder, spec, shape)
        return TextEncoder(spec, network, tokenizer, shape["dim"], trainable=shape["trainable"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder} holds no text encoder that can be read: {_first_line(error)}") from None


def _shell(folder: Path, spec: EncoderSpec, shape: dict[str, Any]) -> tuple[nn.Module | None, Any]:
    if spec.kind == "vectors":
        return None, None
    if spec.kind == "tiny":
        from tokenizers import Tokenizer

        text = (folder / TOKENIZER_FOLDER / "tokenizer.json").read_text(encoding="utf-8")
        try:
            tokenizer = Tokenizer.from_str(text)
        except Exception as error:  # tokenizers raises nothing more exact
            raise ValueError(f"the tokenizer is damaged: {error}") from None
        return TinyTransformer(TinyConfig(**shape["tiny"])), tokenizer
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    network = AutoModel.from_config(AutoConfig.from_pretrained(folder / SHAPE_FOLDER, local_files_only=True))
    _drop_pooler(network)
    return network, AutoTokenizer.from_pretrained(folder / TOKENIZER_FOLDER, local_files_only=True)


def _drop_pooler(network: nn.Module) -> None:
    """BERT's pooler is never used here; left in, its weights would get no gradient and fail distributed training."""
    if getattr(network, "pooler", None) is not None:
        setattr(network, "pooler", None)  # noqa: B010  mypy takes modules' attributes for modules


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
