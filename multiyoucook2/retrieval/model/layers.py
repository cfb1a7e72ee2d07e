"""Building blocks of both towers: the gated embedding unit, and the pre-norm transformer block."""

from contextlib import nullcontext

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

NORM_EPS = 1e-6
PLAIN_KEYS = 24  # at most


class GatedEmbeddingUnit(nn.Module):
    """``y = W1 x + b1``; output ``y * sigmoid(W2 y + b2)``, over the last axis: [..., D] -> [..., E].

    Source: Miech et al., Learning a Text-Video Embedding from Incomplete and Heterogeneous Data (arXiv:1804.02516).
    """

    def __init__(self, dim_in: int, dim_out: int) -> None:
        super().__init__()
        self.project = nn.Linear(dim_in, dim_out)
        self.gate = nn.Linear(dim_out, dim_out)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(x)
        gated: Tensor = y * self.gate(y).sigmoid()
        return gated


class TransformerBlock(nn.Module):
    """Pre-norm self-attention and MLP (GELU), both residual, without dropout: [B, T, D] -> [B, T, D].

    Args:
        dim: D, a multiple of ``heads``.
        heads: attention heads.
        mlp_ratio: the MLP's hidden size is ``dim * mlp_ratio``.
    """

    def __init__(self, dim: int, heads: int, mlp_ratio: float) -> None:
        super().__init__()
        if dim % heads:
            raise ValueError(f"{dim} dimensions do not divide into {heads} heads")
        self.heads = heads
        self.norm1 = nn.LayerNorm(dim, eps=NORM_EPS)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)
        self.norm2 = nn.LayerNorm(dim, eps=NORM_EPS)
        self.fc1 = nn.Linear(dim, int(dim * mlp_ratio))
        self.fc2 = nn.Linear(int(dim * mlp_ratio), dim)
        for layer in (self.qkv, self.out, self.fc1, self.fc2):
            nn.init.trunc_normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)

    def forward(self, x_BTD: Tensor, mask_BT: Tensor, *, first_only: bool = False) -> Tensor:
        """``mask_BT`` is True where there is a token; each row needs one at least.

        With ``first_only`` only the first position is computed, [B, 1, D]: for a last block of which nothing else is
        read.
        """
        normed_BTD = self.norm1(x_BTD)
        if first_only:
            x_BTD = x_BTD[:, :1]
            split = x_BTD.shape[2]
            query = F.linear(normed_BTD[:, :1], self.qkv.weight[:split], self.qkv.bias[:split])
            key, value = F.linear(normed_BTD, self.qkv.weight[split:], self.qkv.bias[split:]).chunk(2, dim=-1)
        else:
            query, key, value = self.qkv(normed_BTD).chunk(3, dim=-1)
        attended_BTD = masked_attention(query, key, value, mask_BT, heads=self.heads)
        x_BTD = x_BTD + self.out(attended_BTD)
        x_BTD = x_BTD + self.fc2(F.gelu(self.fc1(self.norm2(x_BTD))))
        return x_BTD


def masked_attention(query_BQD: Tensor, key_BTD: Tensor, value_BTD: Tensor, mask_BT: Tensor, *, heads: int) -> Tensor:
    """Scaled dot-product attention in ``heads`` heads over the keys where ``mask_BT`` is True -> [B, Q, D]."""
    query, key, value = (x.view(*x.shape[:2], heads, -1).transpose(1, 2) for x in (query_BQD, key_BTD, value_BTD))
    # Forward and backward on a CPU: with 13 keys the fused kernel takes twice the time of the plain one, with 31 less.
    plain = query.device.type == "cpu" and key.shape[2] <= PLAIN_KEYS
    with sdpa_kernel(SDPBackend.MATH) if plain else nullcontext():
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask_BT[:, None, None, :])
    return attended.transpose(1, 2).flatten(2)
