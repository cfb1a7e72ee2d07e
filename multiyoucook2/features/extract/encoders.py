"""Vision encoders: any image or video model of transformers that gives one vector an image or a window of images.

Loaded by ``AutoModel`` and ``AutoImageProcessor`` with Pillow, so that torchvision is not needed; weights in
safetensors only, and code of a repository is never run. A file of weights is taken for S3D, see ``s3d_encoder``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ...engines.transformers_converter import quiet_transformers
from ...errors import ModelError, RecipeError
from ...files import folder_hash
from .decode import Image, Pixels
from .s3d import POOLED
from .s3d_encoder import ENDINGS as WEIGHT_ENDINGS
from .s3d_encoder import WINDOW, S3DEncoder, load_s3d

DTYPES: dict[str, torch.dtype] = {
    "float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16,
}  # fmt: skip


@dataclass(frozen=True)
class VisionEncoder:
    """Images -> vectors.

    Attributes:
        name: as it was asked for, a hub id or a folder. ``revision``: commit, or content hash of a folder.
        window: images behind one vector: 1, or what a video model takes (8 in X-CLIP base).
    """

    name: str
    revision: str
    precision: str
    window: int
    processor: Callable[..., Mapping[str, Pixels]]
    model: nn.Module
    device: torch.device

    def prepare(self, images: Sequence[Image]) -> Pixels:
        """One window of images -> pixels [3, height, width], or [window, 3, height, width] of a video model.

        A window that is not full repeats its last image. Safe in several threads at once.
        """
        full = [*images, *[images[-1]] * (self.window - len(images))]
        pixels = [self.processor(image, return_tensors="np")["pixel_values"] for image in full]
        stacked: Pixels = np.concatenate([array.reshape(-1, *array.shape[-3:]) for array in pixels]).astype(np.float32)
        return stacked if self.window > 1 else stacked[0]

    @torch.inference_mode()
    def encode(self, pixels: Sequence[Pixels]) -> npt.NDArray[np.float32]:
        """Prepared windows -> vectors [N, D], float32, in their order.

        Raises:
            ModelError: the model gives no vector, or numbers that are none.
        """
        batch = torch.from_numpy(np.stack(pixels)).to(self.device, DTYPES[self.precision])
        vectors = _vectors(self.model, batch, video=self.window > 1).float().cpu()
        if vectors.ndim != 2 or len(vectors) != len(pixels) or not torch.isfinite(vectors).all():
            raise ModelError(
                f"the encoder {self.name!r} gave {list(vectors.shape)} for {len(pixels)} inputs, or NaN or infinity",
                hint="--precision float32 may help where half precision overflows",
            )
        found: npt.NDArray[np.float32] = vectors.numpy()
        return found


def _vectors(model: nn.Module, batch: Tensor, *, video: bool) -> Tensor:
    """The vectors that the model's makers compare: projected where there is a projection, else pooled."""
    method = "get_video_features" if video else "get_image_features"
    output = getattr(model, method, model)(pixel_values=batch)
    if isinstance(output, Tensor):
        return output
    pooled = getattr(output, "pooler_output", None)
    found: Tensor = output.last_hidden_state.mean(1) if pooled is None else pooled
    return found


def load_vision_encoder(
    name: str,
    *,
    revision: str | None = None,
    precision: str = "float32",
    device: str = "auto",
    offline: bool = False,
    layer: str | None = None,
    window: int | None = None,
) -> VisionEncoder | S3DEncoder:
    """A pretrained encoder by hub id or local folder, such as ``openai/clip-vit-base-patch32``, or S3D's weight file.

    Args:
        revision: a commit, tag or branch of the Hub; the commit that was found is recorded.
        precision: of weights and arithmetic; half precisions are for GPUs.
        device: ``auto``, ``cpu`` or ``cuda``.
        layer, window: of S3D alone, see :func:`.s3d_encoder.load_s3d`; the others say themselves what they take.

    Raises:
        ModelError: not found, not downloadable, weights only as pickles, or no model of images.
        RecipeError: a precision or device that is not there, a layer or window for another model than S3D, or a
            revision of what lies here.
    """
    if precision not in DTYPES:
        raise RecipeError(f"unknown precision {precision!r}", hint=f"known: {', '.join(DTYPES)}")
    if device not in ("auto", "cpu", "cuda") or (device == "cuda" and not torch.cuda.is_available()):
        raise RecipeError(f"cannot use the device {device!r}", hint="auto, cpu, or cuda where there is one")
    chosen = "cuda" if device == "auto" and torch.cuda.is_available() else device.replace("auto", "cpu")
    local = Path(name).is_dir()
    if revision is not None and (local or Path(name).suffix in WEIGHT_ENDINGS):
        raise RecipeError(
            f"{name!r} is on this disk, where there are no revisions", hint="--revision is for a model of the Hub"
        )
    if Path(name).suffix in WEIGHT_ENDINGS:
        return load_s3d(
            Path(name), layer=layer or POOLED, window=window or WINDOW, precision=DTYPES[precision], device=chosen
        )
    if layer is not None or window is not None:
        raise RecipeError(f"{name!r} has its own layer and window", hint="--layer and --window are for S3D's weights")
    options: dict[str, object] = {"local_files_only": offline or local, "trust_remote_code": False}
    if revision:
        options["revision"] = revision
    processor, model = _loaded(name, options, offline)
    config = model.config
    window = int(getattr(getattr(config, "vision_config", config), "num_frames", 1) or 1)
    found = folder_hash(Path(name))[:16] if local else getattr(config, "_commit_hash", None) or revision or "unknown"
    model = model.to(chosen, DTYPES[precision]).eval()
    return VisionEncoder(name, found, precision, window, processor, model, torch.device(chosen))


def _loaded(name: str, options: dict[str, object], offline: bool) -> tuple[Any, Any]:
    from transformers import AutoImageProcessor, AutoModel

    def load(**more: Any) -> tuple[Any, list[str]]:
        model, found = AutoModel.from_pretrained(
            name, dtype=torch.float32, use_safetensors=True, output_loading_info=True, **options, **more
        )
        return model, sorted(found["missing_keys"])

    try:
        with quiet_transformers():
            processor = AutoImageProcessor.from_pretrained(name, backend="pil", **options)
            model, missing = load()
            if missing and all(key.startswith("pooler.") for key in missing):
                model, missing = load(add_pooling_layer=False)  # as classifiers are published: theirs would be random
    except Exception as error:  # transformers, safetensors, torch and download errors have no common base
        line = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        if Path(name).is_dir():
            hint = "is it a whole model, as transformers saves it? Download or save it again"
        else:
            hint = "run once without --offline, or give a local folder" if offline else "check the id and the network"
        raise ModelError(f"cannot load the vision encoder {name!r}: {line}", hint=hint) from None
    of_images = hasattr(model, "get_image_features") or hasattr(model, "get_video_features")
    if not of_images and getattr(model, "main_input_name", "") != "pixel_values":
        raise ModelError(f"{name!r} is no model of images", hint="such as openai/clip-vit-base-patch32")
    if missing:
        raise ModelError(
            f"the vision encoder {name!r} lacks {len(missing)} of its weights, such as {missing[0]}",
            hint="is it complete? They would start at random",
        )
    return processor, model
