"""S3D with weights made up here: what comes out of it, and which files it takes."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import MyCook

from multiyoucook2.corpus.clips import Clip
from multiyoucook2.errors import ModelError, RecipeError
from multiyoucook2.features.extract.encoders import load_vision_encoder
from multiyoucook2.features.extract.extract import extract_features
from multiyoucook2.features.extract.s3d import S3D, pooled, space_to_depth
from multiyoucook2.features.extract.s3d_encoder import load_s3d, middle_square
from multiyoucook2.features.store import FeatureStore

from .making import make_clip_model, make_clips_dataset, make_video, picture


def made_up_weights() -> dict[str, torch.Tensor]:
    """Random weights, drawn in the order of their names, that keep the signal at about its size."""
    random = np.random.default_rng(0)
    found = {}
    for name, value in sorted(S3D().state_dict().items()):
        if name.endswith("num_batches_tracked"):
            continue
        if value.ndim > 1:
            drawn = random.standard_normal(value.shape) * np.sqrt(2 / np.prod(value.shape[1:]))
        elif name.endswith("running_var") or ("bn" in name and name.endswith("weight")):
            drawn = random.uniform(0.5, 1.5, value.shape)
        else:
            drawn = random.standard_normal(value.shape) * 0.1
        found[name] = torch.from_numpy(drawn.astype(np.float32))
    return found


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as the release is: the video half, and the text half that is passed over."""
    path = tmp_path_factory.mktemp("s3d") / "s3d_howto100m.pth"
    torch.save({**made_up_weights(), "text_module.fc1.weight": torch.zeros(3, 3)}, path)
    return path


def test_outputs_of_the_released_network(weights: Path) -> None:
    """The same weights in the layout that MIL-NCE's authors published gave these numbers, run apart from this code."""
    model = load_s3d(weights).model
    assert sum(value.numel() for value in model.parameters()) == 9_670_800
    for shape, wanted in {
        (1, 3, 4, 64, 64): [0.06989199, -0.20597377, -0.27903098, 0.01639858],
        (2, 3, 16, 66, 50): [0.07451237, -0.20579463, -0.26551515, 0.01140386],
        (1, 3, 2, 32, 34): [0.06434553, -0.18327790, -0.28319854, 0.04465090],
    }.items():
        video = torch.from_numpy(np.random.default_rng(1).uniform(0, 1, shape).astype(np.float32))
        with torch.inference_mode():
            found = model(video)
        assert found["video_embedding"].shape == (shape[0], 512)
        assert found["mixed_5c"].shape == (shape[0], 1024)
        assert found["video_embedding"][0, :4].tolist() == pytest.approx(wanted, abs=1e-5)


def test_blocks_become_channels() -> None:
    """Channel ((2 t + h) 2 + w) 3 + c of a block is colour c of its pixel (t, h, w)."""
    video = torch.arange(3 * 4 * 6 * 2).reshape(1, 3, 4, 6, 2)
    blocks = space_to_depth(video)
    assert blocks.shape == (1, 24, 2, 3, 1)
    for t, h, w, c in np.ndindex(2, 2, 2, 3):
        assert blocks[0, ((2 * t + h) * 2 + w) * 3 + c, 1, 2, 0] == video[0, c, 2 + t, 4 + h, w]


def test_pools_by_hand() -> None:
    """Windows of three every two begin at the first pixel: the padding lies at the end."""
    row = torch.tensor([5.0, 1, 2, 9, 3, 4]).reshape(1, 1, 1, 1, 6).expand(1, 1, 1, 6, 6)
    assert pooled(row, (1, 3, 3), (1, 2, 2))[0, 0, 0].tolist() == [[5, 9, 4]] * 3


def test_encoder(weights: Path) -> None:
    """Windows are the middle squares of the frames, in [0, 1]; one that is not full repeats its last frame."""
    encoder = load_s3d(weights, window=2, layer="video_embedding")
    assert (encoder.name, encoder.window, encoder.precision) == ("s3d_howto100m-video_embedding", 2, "float32")
    images = [picture(3), 255 - picture(3)]
    pixels = encoder.prepare(images)
    assert (pixels.shape, pixels.dtype) == ((2, 224, 224, 3), np.uint8)
    assert np.array_equal(pixels[1], middle_square(images[1]))
    assert np.array_equal(encoder.prepare(images[:1])[1], pixels[0])
    found = encoder.encode([pixels, encoder.prepare(images[:1])])
    assert (found.shape, found.dtype) == ((2, 512), np.float32)
    video = torch.from_numpy(pixels).permute(3, 0, 1, 2)[None].float() / 255
    with torch.inference_mode():
        wanted = encoder.model(video)["video_embedding"][0].numpy()
    assert np.allclose(found[0], wanted, atol=1e-6)
    assert np.abs(found[0] - found[1]).max() > 1e-4


def test_squares() -> None:
    """448 x 300 pixels: 334 x 224, of which 55 columns go on each side; small pictures grow."""
    image = np.zeros((300, 448, 3), np.uint8)
    image[:, :60] = 255
    square = middle_square(image)
    assert square.shape == (224, 224, 3)
    assert square[:, 0].max() == 0 or square[:, 0].mean() < 40  # the white columns are outside
    assert middle_square(picture(5)).shape == (224, 224, 3)
    assert middle_square(np.zeros((500, 20, 3), np.uint8)).shape == (224, 224, 3)


class Runs:
    """A pickle that would run code."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("run",)


def test_files_that_are_refused(weights: Path, tmp_path: Path) -> None:
    whole = made_up_weights()
    bad = {
        "lacks": {name: value for name, value in whole.items() if name != "mixed_4d.gating_b2.fc.bias"},
        "shape": {**whole, "fc.weight": torch.zeros(400, 1024)},
        "much": {**whole, "head.weight": torch.zeros(2)},
        "list": [torch.zeros(2)],
        "tensor": torch.zeros(2),
    }
    said = {
        "lacks": "it lacks mixed_4d.gating_b2.fc.bias",
        "shape": r"fc.weight is \[400, 1024\], not \[512, 1024\]",
        "much": "it has head.weight too",
        "list": "neither a tensor nor tensors by name",
        "tensor": "does not hold tensors by name",
    }
    for name, content in bad.items():
        torch.save(content, tmp_path / f"{name}.pth")
        with pytest.raises(ModelError, match=said[name]):
            load_s3d(tmp_path / f"{name}.pth")
    (tmp_path / "code.pth").write_bytes(pickle.dumps(Runs()))
    with pytest.raises(ModelError, match=r"could run code|cannot be read as weights"):
        load_s3d(tmp_path / "code.pth")
    torch.save({"fc.weight": Runs()}, tmp_path / "inside.pth")
    with pytest.raises(ModelError, match="more than tensors, which could run code"):
        load_s3d(tmp_path / "inside.pth")
    (tmp_path / "cut.pth").write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelError, match=r"cut.pth cannot be read as weights"):
        load_s3d(tmp_path / "cut.pth")
    with pytest.raises(ModelError, match=r"there is no file .*nowhere\.pth"):
        load_s3d(tmp_path / "nowhere.pth")
    with pytest.raises(ModelError, match="an even number of frames, not 7"):
        load_s3d(weights, window=7)
    with pytest.raises(ModelError, match="no layer 'mixed_6'"):
        load_s3d(weights, layer="mixed_6")
    clip = make_clip_model(tmp_path / "clip")
    with pytest.raises(RecipeError, match="has its own layer and window"):
        load_vision_encoder(str(clip), device="cpu", offline=True, window=16)


def test_from_a_video(mycook: MyCook, weights: Path, tmp_path: Path) -> None:
    """Four frames a second, two a vector: a clip of two seconds has four vectors; batches hold frames, not windows."""
    make_video(tmp_path / "v" / "a.mp4", frames=30)
    data = make_clips_dataset(tmp_path / "data", [("a_0", "a", 0.0, 2.0), ("a_1", "a", 2.0, 2.3)])
    said = mycook(
        "features", "extract", "--videos", "v", "--dataset", data, "--encoder", weights, "--fps", 4, "--window", 2,
        "--out", "f", "--device", "cpu",
    ).stdout  # fmt: skip
    assert "f: 2 clips of s3d_howto100m, 1024 dimensions" in said
    store = FeatureStore.open(tmp_path / "f")
    assert [len(store["a_0"]), len(store["a_1"])] == [4, 1]
    assert store.meta["window"] == 2
    encoder, sizes = load_s3d(weights, window=2), list[int]()

    class Counts:
        name, revision, precision, window, prepare = "n", "r", "float32", 2, staticmethod(encoder.prepare)

        def encode(self, pixels: list[np.ndarray]) -> np.ndarray:
            sizes.append(len(pixels))
            return np.zeros((len(pixels), 4), np.float32)

    clips = [Clip("a_0", "a", 0.0, 2.0, "train")]
    extract_features(clips, tmp_path / "v", tmp_path / "g", encoder=Counts(), fps=4, batch=4)
    assert sizes == [2, 2]
