"""Kinds of vision encoders, tiny and random: each gives what transformers gives when it is called by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers.models.videomae import VideoMAEImageProcessorPil

from multiyoucook2.errors import ModelError, RecipeError
from multiyoucook2.features.extract.encoders import load_vision_encoder

from .making import make_clip_model

SHAPE = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
VISION = {**SHAPE, "image_size": 32, "patch_size": 16}
TEXT = {**SHAPE, "vocab_size": 50, "bos_token_id": 1, "eos_token_id": 2}
SQUARE = {"height": 32, "width": 32}


def images(count: int) -> list[Any]:
    random = np.random.default_rng(3)
    return [random.integers(0, 256, (40, 50, 3), dtype=np.uint8) for _ in range(count)]


def clip(folder: Path) -> Callable[[Any], Any]:
    make_clip_model(folder)
    return lambda model: model.get_image_features(pixel_values=pixels(folder)).pooler_output


def siglip(folder: Path) -> Callable[[Any], Any]:
    config = transformers.SiglipConfig(vision_config=VISION, text_config=TEXT)
    transformers.SiglipModel(config).save_pretrained(folder)
    transformers.SiglipImageProcessorPil(size=SQUARE).save_pretrained(folder)
    return lambda model: model.vision_model(pixel_values=pixels(folder)).pooler_output


def dinov2(folder: Path) -> Callable[[Any], Any]:
    transformers.Dinov2Model(transformers.Dinov2Config(**VISION)).save_pretrained(folder)
    transformers.CLIPImageProcessorPil(size=SQUARE, do_center_crop=False).save_pretrained(folder)
    return lambda model: model(pixel_values=pixels(folder)).pooler_output


def xclip(folder: Path) -> Callable[[Any], Any]:
    video = {
        **VISION,
        "num_frames": 4,
        "mit_hidden_size": 12,
        "mit_intermediate_size": 16,
        "mit_num_attention_heads": 2,
    }
    config = transformers.XCLIPConfig(
        vision_config=video, text_config=TEXT, projection_dim=12, prompt_num_attention_heads=2
    )
    transformers.XCLIPModel(config).save_pretrained(folder)
    VideoMAEImageProcessorPil(size={"shortest_edge": 32}, crop_size=SQUARE).save_pretrained(folder)
    return lambda model: model.get_video_features(pixel_values=pixels(folder, 4)).pooler_output


def videomae(folder: Path) -> Callable[[Any], Any]:
    transformers.VideoMAEModel(transformers.VideoMAEConfig(**VISION, num_frames=4)).save_pretrained(folder)
    VideoMAEImageProcessorPil(size={"shortest_edge": 32}, crop_size=SQUARE).save_pretrained(folder)
    return lambda model: model(pixel_values=pixels(folder, 4)).last_hidden_state.mean(1)


def classifier(folder: Path) -> Callable[[Any], Any]:
    """ViT as classifiers are published, without the pooler that transformers would put in, at random."""
    transformers.ViTForImageClassification(transformers.ViTConfig(**VISION)).save_pretrained(folder)
    transformers.CLIPImageProcessorPil(size=SQUARE, do_center_crop=False).save_pretrained(folder)
    return lambda model: model(pixel_values=pixels(folder)).last_hidden_state.mean(1)


def pixels(folder: Path, window: int = 1) -> torch.Tensor:
    """Two images, or two windows of images, by the processor of the folder."""
    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    if window == 1:
        found: torch.Tensor = processor(images(2), return_tensors="pt")["pixel_values"]
        return found
    rows = [processor([image], return_tensors="pt")["pixel_values"].reshape(3, 32, 32) for image in images(2 * window)]
    return torch.stack(rows).reshape(2, window, 3, 32, 32)


@pytest.mark.parametrize("make", [clip, siglip, dinov2, xclip, videomae, classifier])
def test_as_called_by_hand(make: Callable[[Path], Callable[[Any], Any]], tmp_path: Path) -> None:
    torch.manual_seed(1)
    by_hand = make(tmp_path / "model")
    encoder = load_vision_encoder(str(tmp_path / "model"), device="cpu", offline=True)
    size = encoder.window
    assert size == (4 if make in (xclip, videomae) else 1)
    found = encoder.encode([encoder.prepare(images(2 * size)[first : first + size]) for first in (0, size)])
    with torch.no_grad():
        expected = by_hand(transformers.AutoModel.from_pretrained(tmp_path / "model").eval()).numpy()
    assert found.shape == expected.shape
    assert np.allclose(found, expected, atol=1e-5)
    assert np.abs(found[0] - found[1]).max() > 1e-4
    again = load_vision_encoder(str(tmp_path / "model"), device="cpu", offline=True)
    assert again.revision == encoder.revision  # of a folder: its content
    assert len(encoder.revision) == 16


def test_a_short_window_repeats_its_last_image(tmp_path: Path) -> None:
    videomae(tmp_path / "model")
    encoder = load_vision_encoder(str(tmp_path / "model"), device="cpu", offline=True)
    one, other = images(2)
    assert np.array_equal(encoder.prepare([one, other]), encoder.prepare([one, other, other, other]))


@pytest.mark.parametrize("damage", [b"", b"<html>not found</html>", slice(0, 300), slice(0, -100)])
def test_damaged_weights_are_named(tmp_path: Path, damage: bytes | slice) -> None:
    """A download that broke off, or that a server answered with a page."""
    weights = make_clip_model(tmp_path / "model") / "model.safetensors"
    weights.write_bytes(damage if isinstance(damage, bytes) else weights.read_bytes()[damage])
    with pytest.raises(ModelError, match=r"cannot load the vision encoder '.*model': Error while deser.*") as caught:
        load_vision_encoder(str(tmp_path / "model"), device="cpu", offline=True)
    assert "save it again" in caught.value.hint


def test_a_config_of_other_sizes_is_named(tmp_path: Path) -> None:
    config = make_clip_model(tmp_path / "model") / "config.json"
    text = config.read_text()
    for old, new in [('"projection_dim": 12', '"projection_dim": 13'), ('"patch_size": 16', '"patch_size": 0')]:
        assert old in text
        config.write_text(text.replace(old, new))
        with pytest.raises(ModelError, match="cannot load the vision encoder"):
            load_vision_encoder(str(tmp_path / "model"), device="cpu", offline=True)


def test_what_is_refused(tmp_path: Path) -> None:
    bert = transformers.BertConfig(**SHAPE, vocab_size=50)
    transformers.BertModel(bert).save_pretrained(tmp_path / "bert")
    transformers.CLIPImageProcessorPil().save_pretrained(tmp_path / "bert")
    with pytest.raises(ModelError, match="is no model of images"):
        load_vision_encoder(str(tmp_path / "bert"), device="cpu", offline=True)
    make_clip_model(tmp_path / "holes")
    weights = load_file(tmp_path / "holes" / "model.safetensors")
    del weights["visual_projection.weight"]
    save_file(weights, tmp_path / "holes" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks 1 of its weights, such as visual_projection\.weight"):
        load_vision_encoder(str(tmp_path / "holes"), device="cpu", offline=True)
    with pytest.raises(ModelError, match="cannot load the vision encoder"):
        load_vision_encoder(str(tmp_path / "nothing"), device="cpu", offline=True)
    with pytest.raises(RecipeError, match="on this disk, where there are no revisions"):
        load_vision_encoder(str(tmp_path / "bert"), revision="main", device="cpu")
    with pytest.raises(RecipeError, match="on this disk, where there are no revisions"):
        load_vision_encoder("s3d.pth", revision="main", device="cpu")
    with pytest.raises(RecipeError, match="unknown precision 'int8'"):
        load_vision_encoder(str(tmp_path / "bert"), precision="int8")
    with pytest.raises(RecipeError, match="cannot use the device 'tpu'"):
        load_vision_encoder(str(tmp_path / "bert"), device="tpu")
