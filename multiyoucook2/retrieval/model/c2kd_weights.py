"""Import the authors' released weights: ``torch.save`` files with a ``state_dict`` in their names, and a config object.

The file is read with ``weights_only=True``, so that nothing in it runs. Its config object belongs to a class of the
authors' program and holds a namespace of arguments and paths; those names are admitted, and each stands for an empty
class of ours that ignores whatever the file gives it.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ...errors import ModelError
from .encoders import TextEncoder
from .towers import ModelConfig, TextVideoModel

INERT_NAMES = ("parse_config.ConfigParser", "argparse.Namespace", "pathlib.PosixPath", "pathlib.WindowsPath")
# (their name, our name); the first that fits is used
_NAMES = [
    (r"video_token_proj\.fc\.(.*)", r"video.project.project.\1"),
    (r"video_token_proj\.cg\.fc\.(.*)", r"video.project.gate.\1"),
    (r"video_norm_layer\.(.*)", r"video.norm.\1"),
    (r"fusion_video\.(cls_token|masking_token)", r"video.\1"),
    (r"fusion_video\.blocks\.(\d+)\.attn\.qkv\.(.*)", r"video.blocks.\1.qkv.\2"),
    (r"fusion_video\.blocks\.(\d+)\.attn\.proj\.(.*)", r"video.blocks.\1.out.\2"),
    (r"fusion_video\.blocks\.(\d+)\.mlp\.(fc[12])\.(.*)", r"video.blocks.\1.\2.\3"),
    (r"fusion_video\.blocks\.(\d+)\.(norm[12])\.(.*)", r"video.blocks.\1.\2.\3"),
    (r"video_proj\.fc\.(.*)", r"video.embed.project.\1"),
    (r"video_proj\.cg\.fc\.(.*)", r"video.embed.gate.\1"),
    (r"text_proj\.0\.(.*)", r"text.norm.\1"),
    (r"text_proj\.1\.fc\.(.*)", r"text.embed.project.\1"),
    (r"text_proj\.1\.cg\.fc\.(.*)", r"text.embed.gate.\1"),
    (r"fusion_text\.(.*)", r"text.encoder.network.\1"),
]
# built by the authors' program and never used by the text-video model; `fusion` is a second name of `fusion_video`
_UNUSED = re.compile(
    r"learnable_\w+(\.|$)"  # the mixing weights of the "learned" ablations, of no use once it is trained
    r"|(fusion|davenet|audio_\w+|text_token_proj|text_norm_layer|text_proj_t2t)\."
    r"|fusion_video\.norm\.|fusion_text\.(pooler\.|.*position_ids$)"
)


class _InertConfig:
    """Stands for the authors' config object and what is in it; keeps nothing."""

    def __new__(cls, *arguments: object) -> "_InertConfig":
        return super().__new__(cls)

    def __init__(self, *arguments: object) -> None:
        """The arguments are dropped."""

    def __setstate__(self, state: object) -> None:
        """The state is dropped."""


def read_reference_checkpoint(path: str | Path) -> dict[str, Tensor]:
    """The ``state_dict`` of a released file, in its own names (without a data-parallel ``module.`` in front).

    Raises:
        ModelError: missing, cut off, without a ``state_dict``, or holding anything but tensors, plain data and the
            config object; the message names what was refused.
    """
    try:
        with torch.serialization.safe_globals([(_InertConfig, name) for name in INERT_NAMES]):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ModelError(f"there is no {path}") from None
    except Exception as error:  # torch reports damage and refusals through many types
        found = re.search(r"(?:GLOBAL|Unsupported \w+|Unsupported operand)[^.]*\.?\S*", str(error))
        reason = found[0] if found else next(iter(str(error).splitlines()), type(error).__name__)
        raise ModelError(f"the checkpoint {path} is unsafe or damaged: {reason}") from None
    weights = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        raise ModelError(f"the checkpoint {path} has no state_dict of tensors")
    return {str(name).removeprefix("module."): value for name, value in weights.items()}


def rename_reference_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Their names -> ours, the unused left out.

    Raises:
        ModelError: a name that is neither; it would be lost silently otherwise.
    """
    renamed = {}
    for name, value in weights.items():
        if _UNUSED.match(name):
            continue
        for pattern, ours in _NAMES:
            match = re.fullmatch(pattern, name)
            if match:
                # their learned tokens are [1, 1, H] and [H], ours [H]
                flat = value.reshape(-1) if name.endswith("_token") else value
                renamed[match.expand(ours)] = flat
                break
        else:
            raise ModelError(f"the checkpoint holds weights of an unknown name: {name!r}")
    return renamed


def import_reference_checkpoint(path: str | Path, encoder: TextEncoder, *, features: str = "") -> TextVideoModel:
    """A released checkpoint as a model, in eval mode; sizes are read off the weights.

    Args:
        path: the file, e.g. of the student with ``load_encoder("labse")``.
        encoder: the text encoder that it was trained with; its weights are replaced.
        features: name of the features that it was trained on, ``"s3d"`` or ``"clip"``.

    Raises:
        ModelError: see :func:`read_reference_checkpoint`; or weights that do not fit this encoder.
    """
    weights = rename_reference_weights(read_reference_checkpoint(path))
    try:
        hidden, video_dim = weights["video.project.project.weight"].shape
        config = ModelConfig(
            video_dim=video_dim,
            hidden_dim=hidden,
            embedding_dim=len(weights["text.embed.project.weight"]),
            blocks=1 + max(int(name.split(".")[2]) for name in weights if name.startswith("video.blocks.")),
            mlp_ratio=len(weights["video.blocks.0.fc1.weight"]) / hidden,
            features=features,
        )
    except (KeyError, ValueError) as error:
        raise ModelError(f"the checkpoint {path} lacks weights of the video tower: {error}") from None
    model = TextVideoModel(config, encoder)
    buffers = {name: value for name, value in model.named_buffers() if name in model.state_dict()}
    try:
        model.load_state_dict({**buffers, **weights}, strict=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise ModelError(
            f"the checkpoint {path} does not fit the encoder {encoder.spec.name!r}: {reason[:300]}",
            hint="choose the text encoder that it was trained with",
        ) from None
    return model.eval()
