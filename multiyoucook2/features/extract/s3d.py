"""S3D-G as MIL-NCE trained it on HowTo100M: the video half of the network, under the names of the released weights.

Sources: Xie et al. 2018 (arXiv:1712.04851) for separable convolutions, Inception blocks and gating; Miech et al. 2020
(arXiv:1912.06430) for the input, where blocks of 2 x 2 x 2 pixels become channels. Shapes: B windows, C channels,
T frames, H x W pixels.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool3d, pad, relu

Triple = tuple[int, int, int]

POOLED, JOINT = "mixed_5c", "video_embedding"
LAYERS = {POOLED: 1024, JOINT: 512}  # what can be taken out, and its size

# Inception blocks: channels in; of the branches 1x1x1, 3x3x3 (before it, after it), 3x3x3 (the same), pooled
_BLOCKS: dict[str, tuple[int, int, tuple[int, int], tuple[int, int], int]] = {
    "mixed_3b": (192, 64, (96, 128), (16, 32), 32),
    "mixed_3c": (256, 128, (128, 192), (32, 96), 64),
    "mixed_4b": (480, 192, (96, 208), (16, 48), 64),
    "mixed_4c": (512, 160, (112, 224), (24, 64), 64),
    "mixed_4d": (512, 128, (128, 256), (24, 64), 64),
    "mixed_4e": (512, 112, (144, 288), (32, 64), 64),
    "mixed_4f": (528, 256, (160, 320), (32, 128), 128),
    "mixed_5b": (832, 256, (160, 320), (32, 128), 128),
    "mixed_5c": (832, 384, (192, 384), (48, 128), 128),
}
# before these blocks the video shrinks: kernel and stride over (T, H, W)
_POOLS: dict[str, tuple[Triple, Triple]] = {
    "mixed_3b": ((1, 3, 3), (1, 2, 2)),
    "mixed_4b": ((3, 3, 3), (2, 2, 2)),
    "mixed_5b": ((2, 2, 2), (2, 2, 2)),
}


class S3D(nn.Module):
    """Windows [B, 3, T, H, W] in [0, 1] -> ``mixed_5c`` [B, 1024] and ``video_embedding`` [B, 512].

    T, H and W are even. The averages over time and space make any size possible; MIL-NCE trained on 32 frames of 200
    pixels, and its authors use 200 to 256.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _Convolution(24, 64, (2, 4, 4), padding=(1, 2, 2))
        self.conv_2b = _Convolution(64, 64, (1, 1, 1))
        self.conv_2c = _Separable(64, 192)
        self.gating = _Gating(192)
        for name, widths in _BLOCKS.items():
            self.add_module(name, _Inception(*widths))
        self.fc = nn.Linear(LAYERS[POOLED], LAYERS[JOINT])

    def forward(self, video_BCTHW: Tensor) -> Mapping[str, Tensor]:
        # a kernel of even size: the first row and column are one too many of the padding on both sides
        net = self.conv1(space_to_depth(video_BCTHW))[:, :, 1:, 1:, 1:]
        net = self.conv_2c(self.conv_2b(pooled(net, (1, 3, 3), (1, 2, 2))))
        net = self.gating(net)
        for name in _BLOCKS:
            if name in _POOLS:
                net = pooled(net, *_POOLS[name])
            net = self.get_submodule(name)(net)
        mean_BC = net.mean(dim=(2, 3, 4))
        return {POOLED: mean_BC, JOINT: self.fc(mean_BC)}


def space_to_depth(video_BCTHW: Tensor) -> Tensor:
    """[B, C, T, H, W] -> [B, 8 C, T/2, H/2, W/2]; channels go by place in the block (t, h, w), then by colour."""
    B, C, T, H, W = video_BCTHW.shape
    blocks = video_BCTHW.reshape(B, C, T // 2, 2, H // 2, 2, W // 2, 2)
    return blocks.permute(0, 3, 5, 7, 1, 2, 4, 6).reshape(B, 8 * C, T // 2, H // 2, W // 2)


def pooled(net: Tensor, kernel: Triple, stride: Triple) -> Tensor:
    """The largest value of each window; what a kernel is larger than its stride is padded, the odd one at the end.

    Padding is 0, which never wins: all values come out of a ReLU.
    """
    over = [size - step for size, step in zip(kernel, stride, strict=True)]
    sides = [side for size in reversed(over) for side in (size // 2, size - size // 2)]
    found: Tensor = max_pool3d(pad(net, sides), kernel, stride, ceil_mode=True)
    return found


class _Convolution(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, wide_in: int, wide_out: int, kernel: Triple, padding: Triple = (0, 0, 0)) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(wide_in, wide_out, kernel, padding=padding, bias=False)
        self.bn1 = nn.BatchNorm3d(wide_out)

    def forward(self, net: Tensor) -> Tensor:
        return relu(self.bn1(self.conv1(net)))


class _Separable(_Convolution):
    """A 3 x 3 convolution in space, then one of 3 frames in time, each with batch norm and ReLU."""

    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__(wide_in, wide_out, (1, 3, 3), padding=(0, 1, 1))
        self.conv2 = nn.Conv3d(wide_out, wide_out, (3, 1, 1), padding=(1, 0, 0), bias=False)
        self.bn2 = nn.BatchNorm3d(wide_out)

    def forward(self, net: Tensor) -> Tensor:
        return relu(self.bn2(self.conv2(super().forward(net))))


class _Gating(nn.Module):
    """Each channel times a gate in (0, 1), which comes from the channels' means over the window."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.fc = nn.Linear(wide, wide)

    def forward(self, net: Tensor) -> Tensor:
        return net * torch.sigmoid(self.fc(net.mean(dim=(2, 3, 4))))[:, :, None, None, None]


class _Inception(nn.Module):
    """Four branches side by side, each gated, their channels end to end."""

    def __init__(self, wide: int, one: int, three: tuple[int, int], other: tuple[int, int], pool: int) -> None:
        super().__init__()
        self.conv_b0 = _Convolution(wide, one, (1, 1, 1))
        self.conv_b1_a, self.conv_b1_b = _Convolution(wide, three[0], (1, 1, 1)), _Separable(*three)
        self.conv_b2_a, self.conv_b2_b = _Convolution(wide, other[0], (1, 1, 1)), _Separable(*other)
        self.conv_b3_b = _Convolution(wide, pool, (1, 1, 1))
        for number, width in enumerate((one, three[1], other[1], pool)):
            self.add_module(f"gating_b{number}", _Gating(width))

    def forward(self, net: Tensor) -> Tensor:
        branches = (
            self.conv_b0(net),
            self.conv_b1_b(self.conv_b1_a(net)),
            self.conv_b2_b(self.conv_b2_a(net)),
            self.conv_b3_b(max_pool3d(net, 3, stride=1, padding=1)),
        )
        gated = [self.get_submodule(f"gating_b{number}")(branch) for number, branch in enumerate(branches)]
        return torch.cat(gated, dim=1)
