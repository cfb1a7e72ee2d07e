"""The tiny text encoder: trained from scratch with a tokenizer of its own, so that everything runs offline on a CPU."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .layers import NORM_EPS, TransformerBlock

PAD, UNKNOWN, START = "[PAD]", "[UNK]", "[CLS]"
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

    def to_dict(self) -> dict[str, Any]:
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


def train_tokenizer(texts: Iterable[str], *, vocab_size: int) -> Any:
    """A byte-pair ``tokenizers.Tokenizer`` for any mix of scripts, the same for the same texts.

    Text is NFKC-normalised and lower-cased, and cut at spaces, at punctuation and where the script changes. Chinese
    characters stand alone and runs of kana are words, as whole sentences would become tokens otherwise. A token is
    learnt if it occurs twice. Every text starts with ``[CLS]``, so that none is empty. The vocabulary may come out
    smaller than asked if the texts are few.
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
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[PAD, UNKNOWN, START],
        limit_alphabet=vocab_size // 2,
        min_frequency=2,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A", special_tokens=[(START, tokenizer.token_to_id(START))]
    )
    return tokenizer
