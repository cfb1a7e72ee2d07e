"""The bundled translation model in PyTorch: a pre-norm Transformer whose layout CTranslate2 reads one to one."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Shape:
    """Sizes of the model; ``width`` is split over ``heads``."""

    vocabulary: int
    width: int = 256
    heads: int = 4
    inner: int = 1024
    encoder_layers: int = 6
    decoder_layers: int = 2


class Attention(nn.Module):
    """Multi-head attention after a layer norm; ``memory`` None means self-attention.

    No padding mask: a batch holds sources of one length, and targets are padded at the end, where causality hides it.
    """

    def __init__(self, shape: Shape, *, cross: bool) -> None:
        super().__init__()
        self.heads, self.cross = shape.heads, cross
        self.norm = nn.LayerNorm(shape.width)
        if cross:
            self.query, self.key_value = nn.Linear(shape.width, shape.width), nn.Linear(shape.width, 2 * shape.width)
        else:
            self.query_key_value = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)

    def forward(self, x_BLD: Tensor, memory_BSD: Tensor | None = None, *, causal: bool = False) -> Tensor:
        hidden = self.norm(x_BLD)
        if memory_BSD is None:
            query, key, value = self.query_key_value(hidden).chunk(3, dim=-1)
        else:
            query = self.query(hidden)
            key, value = self.key_value(memory_BSD).chunk(2, dim=-1)
        query, key, value = (t.unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in (query, key, value))
        # Written out: on a CPU, the fused kernel's backward pass is several times slower at a dozen tokens.
        scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5)
        if causal:
            future = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
            scores = scores.masked_fill(future, float("-inf"))
        mixed = scores.softmax(-1).to(value.dtype) @ value
        output: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return x_BLD + output


class FeedForward(nn.Module):
    """Layer norm, two linear maps with ReLU between, residual."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(shape.width)
        self.linear_in, self.linear_out = nn.Linear(shape.width, shape.inner), nn.Linear(shape.inner, shape.width)

    def forward(self, x_BLD: Tensor) -> Tensor:
        hidden: Tensor = self.linear_out(F.relu(self.linear_in(self.norm(x_BLD))))
        return x_BLD + hidden


class EncoderLayer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention, self.feed_forward = Attention(shape, cross=False), FeedForward(shape)

    def forward(self, x_BSD: Tensor) -> Tensor:
        hidden: Tensor = self.feed_forward(self.attention(x_BSD))
        return hidden


class DecoderLayer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention, self.cross = Attention(shape, cross=False), Attention(shape, cross=True)
        self.feed_forward = FeedForward(shape)

    def forward(self, x_BLD: Tensor, memory_BSD: Tensor) -> Tensor:
        x_BLD = self.attention(x_BLD, causal=True)
        hidden: Tensor = self.feed_forward(self.cross(x_BLD, memory_BSD))
        return hidden


class SmoothedCrossEntropy(torch.autograd.Function):
    """Mean label-smoothed cross entropy of ``softmax(states @ weight.T)``; its gradients are made in the forward pass.

    states [N, D], weight [V, D], target [N]. With smoothing s the target distribution is ``(1 - s) onehot + s / V``.
    One pass over the [N, V] logits, the largest tensor of a step, instead of autograd's several.
    """

    @staticmethod
    def forward(ctx: Any, states: Tensor, weight: Tensor, target: Tensor, smoothing: float) -> Tensor:
        half = weight.to(states.dtype)
        logits = (states @ half.T).float()
        count, vocabulary = logits.shape
        log_sum = logits.logsumexp(-1, keepdim=True)
        picked = logits.gather(1, target[:, None])
        loss = (log_sum - (1 - smoothing) * picked - smoothing * logits.mean(-1, keepdim=True)).mean()
        gradient = logits.sub_(log_sum).exp_().sub_(smoothing / vocabulary)
        gradient.scatter_add_(1, target[:, None], torch.full_like(picked, smoothing - 1))
        gradient = gradient.div_(count).to(states.dtype)
        ctx.save_for_backward(gradient @ half, gradient.T @ states)
        return loss

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, Tensor, None, None]:
        states_grad, weight_grad = ctx.saved_tensors
        return states_grad * upstream[0], weight_grad * upstream[0], None, None


class TranslationModel(nn.Module):
    """Encoder-decoder with one embedding shared by source, target and output."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.encoder = nn.ModuleList(EncoderLayer(shape) for _ in range(shape.encoder_layers))
        self.encoder_norm = nn.LayerNorm(shape.width)
        self.decoder = nn.ModuleList(DecoderLayer(shape) for _ in range(shape.decoder_layers))
        self.decoder_norm = nn.LayerNorm(shape.width)
        self.positions: Tensor
        self.register_buffer("positions", sinusoids(256, shape.width), persistent=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=shape.width**-0.5)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def embed(self, ids_BL: Tensor) -> Tensor:
        scaled: Tensor = self.embedding(ids_BL) * math.sqrt(self.shape.width)
        return scaled + self.positions[: ids_BL.shape[1]].to(scaled.dtype)

    def forward(self, source_BS: Tensor, target_in_BL: Tensor) -> Tensor:
        """Decoder states [B, L, width] after the last norm; multiply by the embedding for logits."""
        memory = self.embed(source_BS)
        for layer in self.encoder:
            memory = layer(memory)
        memory = self.encoder_norm(memory)
        x_BLD = self.embed(target_in_BL)
        for layer in self.decoder:
            x_BLD = layer(x_BLD, memory)
        states: Tensor = self.decoder_norm(x_BLD)
        return states

    def loss(self, source_BS: Tensor, target_in_BL: Tensor, target_out_BL: Tensor, *, smoothing: float) -> Tensor:
        """Mean label-smoothed cross entropy per target token; ids below 0 in ``target_out_BL`` do not count."""
        keep = target_out_BL >= 0
        states = self(source_BS, target_in_BL)[keep]
        loss: Tensor = SmoothedCrossEntropy.apply(  # type: ignore[no-untyped-call]
            states, self.embedding.weight, target_out_BL[keep], smoothing
        )
        return loss


def sinusoids(length: int, width: int) -> Tensor:
    """Positions [length, width]: sines in the first half, cosines in the second, as CTranslate2 computes them."""
    rate = torch.exp(torch.arange(width // 2) * -(math.log(10000.0) / (width // 2 - 1)))
    angle = torch.arange(1, length + 1)[:, None] * rate[None, :]
    return torch.cat([angle.sin(), angle.cos()], dim=1)
