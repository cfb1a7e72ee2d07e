"""The tiny text encoder: trained from scratch with a tokenizer of its own, so that everything runs offline on a CPU."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ...data.tokens import Tokens
from ..layers import NORM_EPS, TransformerBlock
from .base import KINDS, TOKENIZER_FOLDER, EncoderKind, EncoderSpec, TextEncoder, Wanted

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PAD, UNKNOWN, START = "[PAD]", "[UNK]", "[CLS]"
_SPACE = "▁"  # what the tokenizer writes for a space
_UNSPACED = r"\p{Han}|\p{Hiragana}+|[\p{Katakana}ー]+"


@dataclass(frozen=True)
class TinyConfig:
    """Shape of the encoder; as it stands, about 1 M parameters. ``max_length`` counts the start token too."""

    vocab_size: int = 8000
    dim: int = 96
    layers: int = 2
    heads: int = 4
    mlp_ratio: float = 2
    max_length: int = 64

    def __post_init__(self) -> None:
        """A damaged file must not ask for a network that no machine holds."""
        sizes = {"layers": 1000, "dim": 65536, "vocab_size": 10**7, "heads": 1000, "max_length": 100_000}
        found = {name: getattr(self, name) for name in sizes}
        whole = all(isinstance(size, int) and 0 < size <= sizes[name] for name, size in found.items())
        if not whole or not 0 < self.mlp_ratio <= 1000:
            raise ValueError(f"no encoder has such a shape: {self}")

    def to_dict(self) -> dict[str, object]:
        """For JSON; ``TinyConfig(**value)`` is the way back."""
        return asdict(self)


class TinyTransformer(nn.Module):
    """Token and position embeddings, pre-norm blocks, a final norm: ids [N, L] -> token vectors [N, L, D]."""

    def __init__(self, config: TinyConfig) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocab_size, config.dim)
        self.positions = nn.Embedding(config.max_length, config.dim)
        self.blocks = nn.ModuleList(
            TransformerBlock(config.dim, config.heads, config.mlp_ratio) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.dim, eps=NORM_EPS)
        for embedding in (self.tokens, self.positions):
            nn.init.normal_(embedding.weight, std=0.02)

    def forward(self, ids_NL: Tensor, mask_NL: Tensor) -> Tensor:
        """``mask_NL`` is 1 where there is a token."""
        length = ids_NL.shape[1]
        x_NLD: Tensor = self.tokens(ids_NL) + self.positions(torch.arange(length, device=ids_NL.device))
        for block in self.blocks:
            x_NLD = block(x_NLD, mask_NL.bool())
        normed: Tensor = self.norm(x_NLD)
        return normed


def train_tokenizer(texts: Iterable[str], *, vocab_size: int) -> "Tokenizer":
    """A byte-pair ``tokenizers.Tokenizer`` for any mix of scripts, the same for the same texts.

    Text is NFKC-normalised and lower-cased, and cut at spaces, at punctuation and where the script changes. Chinese
    characters stand alone and runs of kana are words, as whole sentences would become tokens otherwise. A token is
    learnt if it occurs twice. Every text starts with ``[CLS]``, so that none is empty. The vocabulary may come out
    smaller than asked if the texts are few; half of it at most are single characters, the most frequent ones.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.UnicodeScripts(),
            pre_tokenizers.Metaspace(),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.Split(Regex(_UNSPACED), "isolated"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace()
    texts = list(texts)
    alphabet = _alphabet((tokenizer.normalizer.normalize_str(text) for text in texts), vocab_size // 2)
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[PAD, UNKNOWN, START],
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
        min_frequency=2,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A", special_tokens=[(START, tokenizer.token_to_id(START))]
    )
    return tokenizer


def _alphabet(texts: Iterable[str], most: int) -> list[str]:
    """The most frequent characters, ties by code point. The trainer's own choice among ties differs from run to run."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text)
    found = {_SPACE, *counts} - {" "}
    return sorted(found, key=lambda letter: (letter != _SPACE, -counts[letter], letter))[:most]


class TinyEncoder(TextEncoder):
    """The tiny network with the tokenizer that was trained for it."""

    network: TinyTransformer

    @property
    def pad_id(self) -> int:
        return int(self.tokenizer.token_to_id(PAD))

    def tokenize(self, texts: Sequence[str], *, max_length: int | None = None) -> list[list[int]]:
        longest = min(max_length or self.spec.max_length, self.network.config.max_length)
        return [encoding.ids[:longest] for encoding in self.tokenizer.encode_batch(list(texts))]

    def hidden(self, tokens: Tokens) -> Tensor:
        hidden_NLD: Tensor = self.network(tokens.ids_NL, tokens.mask_NL)
        return hidden_NLD

    def save_parts(self, folder: Path) -> dict[str, object]:
        (folder / TOKENIZER_FOLDER).mkdir(exist_ok=True)
        self.tokenizer.save(str(folder / TOKENIZER_FOLDER / "tokenizer.json"))
        return {"tiny": self.network.config.to_dict()}


def tiny_encoder(texts: Iterable[str], *, config: TinyConfig | None = None, name: str = "tiny") -> TextEncoder:
    """A small untrained encoder whose tokenizer is trained on ``texts``; weights come from torch's global generator.

    The embedding table has ``config.vocab_size`` rows, or fewer where the texts yield a smaller vocabulary.
    """
    config = config or TinyConfig()
    tokenizer = train_tokenizer(texts, vocab_size=config.vocab_size)
    config = replace(config, vocab_size=tokenizer.get_vocab_size())
    spec = EncoderSpec(name, "", kind="tiny", max_length=min(40, config.max_length))
    return TinyEncoder(spec, TinyTransformer(config), tokenizer, config.dim)


def _new(argument: str, wanted: Wanted) -> TextEncoder:
    # the tokenizer knows all languages, as a pretrained one would, whatever the objective trains on
    return tiny_encoder(wanted.texts, config=TinyConfig(**wanted.section))


def _restore(folder: Path, spec: EncoderSpec, shape: Mapping[str, Any]) -> TextEncoder:
    from tokenizers import Tokenizer

    text = (folder / TOKENIZER_FOLDER / "tokenizer.json").read_text(encoding="utf-8")
    try:
        tokenizer = Tokenizer.from_str(text)
    except Exception as error:  # tokenizers raises nothing more exact
        raise ValueError(f"the tokenizer is damaged: {error}") from None
    return TinyEncoder(
        spec, TinyTransformer(TinyConfig(**shape["tiny"])), tokenizer, shape["dim"], trainable=shape["trainable"]
    )


KINDS.add(EncoderKind("tiny", _new, _restore, pretrained=False))
