"""S3D as an encoder of extraction, with the weight file that the user has: no weights come with this package."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ...errors import ModelError, shown
from ...files import known_sha256
from .decode import Image, Pixels
from .s3d import LAYERS, POOLED, S3D
from .torch_files import load_tensors

SIZE = 224  # pixels: the short side, of which the middle square is taken
WINDOW = 32  # frames, as in training
ENDINGS = (".pth", ".pt")
_TEXT = "text_module."  # the network's English half
_COUNTERS = ".num_batches_tracked"  # of training; older files have none
_RELEASE = "the file to be had from MIL-NCE's authors is s3d_howto100m.pth"


@dataclass(frozen=True)
class S3DEncoder:
    """Windows of frames -> vectors.

    Attributes:
        name: the file's, without its ending, and the layer where it is not ``mixed_5c``. ``revision``: 16 hex digits
            of the file's SHA-256. ``layer``: a key of ``s3d.LAYERS``. ``window``: frames behind one vector, even.
    """

    name: str
    revision: str
    precision: str
    window: int
    layer: str
    model: S3D
    device: torch.device

    def prepare(self, images: Sequence[Image]) -> Pixels:
        """One window [T, 224, 224, 3], as bytes; one that is not full repeats its last image."""
        full = [*images, *[images[-1]] * (self.window - len(images))]
        return np.stack([middle_square(image) for image in full])

    @torch.inference_mode()
    def encode(self, pixels: Sequence[Pixels]) -> npt.NDArray[np.float32]:
        """Prepared windows -> vectors [N, 1024] or [N, 512], float32.

        Raises:
            ModelError: NaN or infinity came out.
        """
        weight = self.model.fc.weight
        batch_BTHWC = torch.from_numpy(np.stack(pixels)).to(self.device, weight.dtype) / 255
        vectors = self.model(batch_BTHWC.permute(0, 4, 1, 2, 3))[self.layer].float().cpu()
        if not torch.isfinite(vectors).all():
            raise ModelError(
                f"the encoder {self.name!r} gave NaN or infinity",
                hint="--precision float32 may help where half precision overflows",
            )
        found: npt.NDArray[np.float32] = vectors.numpy()
        return found


def middle_square(image: Image) -> Image:
    """An image with its short side at 224 pixels, and the square in its middle."""
    from PIL import Image as Pillow

    height, width = image.shape[:2]
    scale = SIZE / min(height, width)
    size = (max(SIZE, round(width * scale)), max(SIZE, round(height * scale)))
    scaled = np.asarray(Pillow.fromarray(image).resize(size, Pillow.Resampling.BILINEAR))
    top, left = (size[1] - SIZE) // 2, (size[0] - SIZE) // 2
    return scaled[top : top + SIZE, left : left + SIZE]


def load_s3d(
    path: Path,
    *,
    layer: str = POOLED,
    window: int = WINDOW,
    precision: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> S3DEncoder:
    """The network with the weights of a file, such as ``s3d_howto100m.pth``: tensors only, every one in its place.

    Args:
        layer: ``mixed_5c`` (1024, what retrieval papers call S3D features) or ``video_embedding`` (512, the space that
            it shares with its own English text encoder). window: frames behind one vector, an even number.

    Raises:
        ModelError: the file is unsafe, unreadable, or not of this network, whose first wrong tensor is named; an
            unknown layer or an odd window.
    """
    if layer not in LAYERS:
        raise ModelError(f"S3D has no layer {layer!r} to take", hint=f"known: {', '.join(LAYERS)}")
    if window < 2 or window % 2:
        raise ModelError(f"S3D takes an even number of frames, not {window}", hint="such as --window 32, or 16")
    model = S3D()
    _fill(model, _tensors(path), path)
    name = path.stem if layer == POOLED else f"{path.stem}-{layer}"
    label = str(precision).removeprefix("torch.")
    model = model.to(device, precision).eval()
    return S3DEncoder(name, known_sha256(path)[:16], label, window, layer, model, torch.device(device))


def _tensors(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise ModelError(f"there is no file {shown(path)}", hint=_RELEASE)
    try:
        found = load_tensors(path, ModelError)
    except (OSError, EOFError, RuntimeError, ValueError) as error:
        line = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise ModelError(f"{shown(path)} cannot be read as weights: {shown(line)}") from None
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise ModelError(f"{shown(path)} does not hold tensors by name", hint=_RELEASE)
    return found


def _fill(model: S3D, given: dict[str, torch.Tensor], path: Path) -> None:
    """Set every weight; whatever is missing, too much or of another shape is named."""
    wanted = {name: value for name, value in model.state_dict().items() if not name.endswith(_COUNTERS)}
    found = {
        name: value for name, value in given.items() if not name.endswith(_COUNTERS) and not name.startswith(_TEXT)
    }
    for name, value in wanted.items():
        if name not in found:
            raise ModelError(f"{shown(path)} is not of S3D: it lacks {name}", hint=_RELEASE)
        if found[name].shape != value.shape:
            said = f"{name} is {list(found[name].shape)}, not {list(value.shape)}"
            raise ModelError(f"{shown(path)} is not of S3D: {said}", hint=_RELEASE)
    too_much = next((name for name in found if name not in wanted), None)
    if too_much is not None:
        raise ModelError(f"{shown(path)} is not of S3D: it has {shown(too_much)} too", hint=_RELEASE)
    model.load_state_dict(found, strict=False)  # the counters alone are left out
