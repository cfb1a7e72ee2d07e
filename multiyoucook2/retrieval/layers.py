"""Building blocks of both towers: the gated embedding unit, and the pre-norm transformer block."""

import torch.nn.functional as F
from torch import Tensor, nn

NORM_EPS = 1e-6


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

    def forward(self, x_BTD: Tensor, mask_BT: Tensor) -> Tensor:
        """``mask_BT`` is True where there is a token; each row needs one at least."""
        b, t, d = x_BTD.shape
        qkv = self.qkv(self.norm1(x_BTD)).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], attn_mask=mask_BT[:, None, None, :])
        x_BTD = x_BTD + self.out(attended.transpose(1, 2).reshape(b, t, d))
        x_BTD = x_BTD + self.fc2(F.gelu(self.fc1(self.norm2(x_BTD))))
        return x_BTD
