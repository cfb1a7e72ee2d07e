"""Import of released checkpoints, on made-up ones in the authors' names."""

import argparse
import os
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from multiyoucook2.errors import ModelError
from multiyoucook2.retrieval.model.c2kd_weights import import_reference_checkpoint
from multiyoucook2.retrieval.model.encoders import TextEncoder, load_encoder
from multiyoucook2.retrieval.model.towers import ModelConfig, TextVideoModel

THEIRS = {
    "video.project.project": "video_token_proj.fc",
    "video.project.gate": "video_token_proj.cg.fc",
    "video.norm": "video_norm_layer",
    "video.embed.project": "video_proj.fc",
    "video.embed.gate": "video_proj.cg.fc",
    "text.norm": "text_proj.0",
    "text.embed.project": "text_proj.1.fc",
    "text.embed.gate": "text_proj.1.cg.fc",
}


def theirs(model: TextVideoModel) -> dict[str, Tensor]:
    """A model's weights in the authors' names, with what their files hold besides."""
    weights = {}
    for name, value in model.state_dict().items():
        stem, _, last = name.rpartition(".")
        if stem in THEIRS:
            weights[f"{THEIRS[stem]}.{last}"] = value
        elif name.startswith("text.encoder.network."):
            weights["fusion_text." + name.removeprefix("text.encoder.network.")] = value
        elif name == "video.cls_token":
            weights["fusion_video.cls_token"] = value.view(1, 1, -1)
        elif name == "video.masking_token":
            weights["fusion_video.masking_token"] = value
        else:
            block = (
                name.replace("video.", "fusion_video.").replace(".qkv.", ".attn.qkv.").replace(".out.", ".attn.proj.")
            )
            weights[block.replace(".fc1.", ".mlp.fc1.").replace(".fc2.", ".mlp.fc2.")] = value
    weights |= {
        name.replace("fusion_video", "fusion"): value for name, value in weights.items() if "fusion_video" in name
    }
    unused = (
        "davenet.conv1.weight",
        "audio_token_proj.fc.weight",
        "text_token_proj.fc.weight",
        "text_norm_layer.weight",
    )
    unused += ("text_proj_t2t.0.weight", "fusion_text.pooler.dense.weight", "fusion_video.norm.weight")
    return weights | {name: torch.zeros(2) for name in unused}


@pytest.fixture
def encoder(bert_folder: Path) -> TextEncoder:
    return load_encoder(str(bert_folder))


@pytest.fixture
def original(encoder: TextEncoder) -> TextVideoModel:
    torch.manual_seed(3)
    config = ModelConfig(video_dim=6, embedding_dim=10, hidden_dim=8, heads=4)
    model = TextVideoModel(config, encoder)
    with torch.no_grad():
        for weight in model.parameters():
            weight += torch.randn_like(weight)
    return model.eval()


@pytest.fixture
def config_object(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What their trainer saves beside the weights: a parser object with arguments and paths in it."""
    module = types.ModuleType("parse_config")

    class ConfigParser:
        def __init__(self) -> None:
            self.args = argparse.Namespace(config="c.yaml", device=None)
            self.config = {"arch": {"type": "EverythingAtOnceModel"}}
            self._save_dir = Path("data") / "models"

    ConfigParser.__module__, ConfigParser.__qualname__ = "parse_config", "ConfigParser"
    module.ConfigParser = ConfigParser  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "parse_config", module)
    return ConfigParser()


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_released_checkpoint_gives_the_same_embeddings(
    prefix: str,
    original: TextVideoModel,
    config_object: Any,
    bert_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    learned = {"learnable_weights": torch.ones(3)}  # of a student of the ablation "learned"
    weights = {prefix + name: value for name, value in (theirs(original) | learned).items()}
    saved = {"arch": "X", "epoch": 10, "state_dict": weights, "monitor_best": 0.5, "config": config_object}
    torch.save(saved, tmp_path / "c.pth")
    monkeypatch.delitem(sys.modules, "parse_config")  # on a user's machine their program is not there
    found = import_reference_checkpoint(tmp_path / "c.pth", load_encoder(str(bert_folder)), features="s3d")
    assert found.config == ModelConfig(video_dim=6, embedding_dim=10, hidden_dim=8, heads=4, features="s3d")
    buckets = original.tokenize(["mix the eggs", "fry rice"])
    video, mask = torch.randn(2, 3, 6), torch.tensor([[True] * 3, [False] * 3])
    assert torch.equal(found.encode_text(buckets), original.encode_text(buckets))
    assert torch.equal(found.encode_video(video, mask), original.encode_video(video, mask))


class Attack:
    def __reduce__(self) -> Any:
        return os.system, ("touch ran",)


def test_code_in_a_checkpoint_never_runs(
    original: TextVideoModel, encoder: TextEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": theirs(original), "config": Attack()}, tmp_path / "c.pth")
    with pytest.raises(ModelError, match=r"unsafe or damaged: .*(posix|nt)\.system"):
        import_reference_checkpoint(tmp_path / "c.pth", encoder)
    assert not (tmp_path / "ran").exists()


def test_other_classes_are_refused_by_name(original: TextVideoModel, encoder: TextEncoder, tmp_path: Path) -> None:
    torch.save({"state_dict": theirs(original), "config": types.SimpleNamespace(a=1)}, tmp_path / "c.pth")
    with pytest.raises(ModelError, match="SimpleNamespace"):
        import_reference_checkpoint(tmp_path / "c.pth", encoder)


def test_weights_that_do_not_fit_are_not_lost(original: TextVideoModel, encoder: TextEncoder, tmp_path: Path) -> None:
    weights = theirs(original)
    cases = {
        "unknown name: 'video_extra.weight'": {**weights, "video_extra.weight": torch.zeros(1)},
        r"Missing key.*text\.norm\.bias": {name: v for name, v in weights.items() if name != "text_proj.0.bias"},
        "lacks weights of the video tower": {name: v for name, v in weights.items() if "video_token_proj" not in name},
        "does not fit the encoder 'bert-mini'": {
            **weights, "fusion_text.embeddings.word_embeddings.weight": torch.zeros(3, 8),
        },
    }  # fmt: skip
    for message, changed in cases.items():
        torch.save({"state_dict": changed}, tmp_path / "c.pth")
        with pytest.raises(ModelError, match=message):
            import_reference_checkpoint(tmp_path / "c.pth", encoder)


def test_damage_is_one_clear_error(original: TextVideoModel, encoder: TextEncoder, tmp_path: Path) -> None:
    torch.save({"state_dict": theirs(original)}, tmp_path / "c.pth")
    data = (tmp_path / "c.pth").read_bytes()
    (tmp_path / "c.pth").write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelError, match="unsafe or damaged"):
        import_reference_checkpoint(tmp_path / "c.pth", encoder)
    with pytest.raises(ModelError, match="there is no"):
        import_reference_checkpoint(tmp_path / "d.pth", encoder)
    torch.save([1], tmp_path / "e.pth")
    with pytest.raises(ModelError, match="no state_dict"):
        import_reference_checkpoint(tmp_path / "e.pth", encoder)
