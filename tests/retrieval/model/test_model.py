"""The model against a slow, plain computation of METHOD's text; gradients; and its folder."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from multiyoucook2.errors import ModelError, WorkspaceError
from multiyoucook2.retrieval.model.encoders import tiny_encoder, vector_encoder
from multiyoucook2.retrieval.model.encoders.tiny import TinyConfig
from multiyoucook2.retrieval.model.layers import GatedEmbeddingUnit
from multiyoucook2.retrieval.model.towers import ModelConfig, TextVideoModel
from multiyoucook2.retrieval.objectives.losses import symmetric_info_nce
from multiyoucook2.retrieval.objectives.similarity import cosine_similarity

CONFIG = ModelConfig(video_dim=6, embedding_dim=10, hidden_dim=8, max_frames=4, heads=2, features="simulated")
TEXTS = ["mix the eggs", "chop an onion", "fry"]


@pytest.fixture
def model() -> TextVideoModel:
    torch.manual_seed(0)
    encoder = tiny_encoder(TEXTS, config=TinyConfig(vocab_size=60, dim=8, layers=1, heads=2))
    return TextVideoModel(CONFIG, encoder).eval()


def linear(weights: dict[str, Tensor], name: str, x: np.ndarray) -> np.ndarray:
    return x @ weights[f"{name}.weight"].numpy().T + weights[f"{name}.bias"].numpy()


def gated(weights: dict[str, Tensor], name: str, x: np.ndarray) -> np.ndarray:
    y = linear(weights, f"{name}.project", x)
    return y / (1 + np.exp(-linear(weights, f"{name}.gate", y)))


def norm(weights: dict[str, Tensor], name: str, x: np.ndarray) -> np.ndarray:
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6)
    return scaled * weights[f"{name}.weight"].numpy() + weights[f"{name}.bias"].numpy()


def gelu(x: np.ndarray) -> np.ndarray:
    from math import erf

    return x * 0.5 * (1 + np.vectorize(erf)(x / np.sqrt(2)))


def slow_video(weights: dict[str, Tensor], frames: np.ndarray, heads: int) -> np.ndarray:
    """One clip [T, D] -> [E], without padding: the method, word for word, in numpy."""
    if len(frames):
        frames = frames / np.linalg.norm(frames, axis=1, keepdims=True)
        tokens = norm(weights, "video.norm", gated(weights, "video.project", frames))
    else:
        tokens = weights["video.masking_token"].numpy()[None]
    x = np.concatenate([weights["video.cls_token"].numpy()[None], tokens])
    size = x.shape[1] // heads
    for block in ("video.blocks.0", "video.blocks.1"):
        qkv = linear(weights, f"{block}.qkv", norm(weights, f"{block}.norm1", x))
        q, k, v = np.split(qkv, 3, axis=1)
        parts = []
        for head in range(heads):
            s = slice(head * size, (head + 1) * size)
            scores = np.exp(q[:, s] @ k[:, s].T / np.sqrt(size))
            parts.append(scores / scores.sum(1, keepdims=True) @ v[:, s])
        x = x + linear(weights, f"{block}.out", np.concatenate(parts, axis=1))
        x = x + linear(
            weights, f"{block}.fc2", gelu(linear(weights, f"{block}.fc1", norm(weights, f"{block}.norm2", x)))
        )
    return gated(weights, "video.embed", x[0])


def shaken(model: TextVideoModel) -> TextVideoModel:
    """All weights moved off their starting values, so that no bias is zero and no norm is the identity."""
    random = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.3 * torch.randn(weight.shape, generator=random)
    return model.double()


@settings(max_examples=20)
@given(counts=st.lists(st.integers(0, 6), min_size=1, max_size=4))
def test_videos_are_embedded_as_the_method_says(counts: list[int]) -> None:
    torch.manual_seed(0)
    model = shaken(TextVideoModel(CONFIG, vector_encoder("x", 4)))
    video = torch.randn(len(counts), max(1, *counts), 6).double()
    mask = torch.arange(video.shape[1]) < torch.tensor(counts)[:, None]
    with torch.no_grad():
        found = model.encode_video(video, mask)  # the padding is noise, so a leak shows
    weights = model.state_dict()
    for row, count in enumerate(counts):
        expected = slow_video(weights, video[row, : min(count, CONFIG.max_frames)].numpy(), CONFIG.heads)
        np.testing.assert_allclose(found[row].numpy(), expected, rtol=1e-9, atol=1e-12)


def test_texts_are_normed_and_gated(model: TextVideoModel) -> None:
    model = shaken(model)
    buckets = model.tokenize(TEXTS)
    with torch.no_grad():
        pooled, found = model.encoder(buckets).numpy(), model.encode_text(buckets)
        again = model.encode_text(torch.from_numpy(pooled))
    weights = model.state_dict()
    np.testing.assert_allclose(found.numpy(), gated(weights, "text.embed", norm(weights, "text.norm", pooled)))
    assert torch.equal(found, again)  # vectors computed before come to the same


def test_the_gate_by_hand() -> None:
    unit = GatedEmbeddingUnit(1, 1)
    with torch.no_grad():
        for weight, value in zip(unit.parameters(), (2.0, 1.0, 3.0, -1.0), strict=True):
            weight.fill_(value)
    # y = 2 * 0.5 + 1 = 2, gate = sigmoid(3 * 2 - 1)
    assert float(unit(torch.tensor([0.5])).detach()) == pytest.approx(2 / (1 + np.exp(-5)))


def test_gradients_of_the_whole_model() -> None:
    torch.manual_seed(0)
    model = shaken(TextVideoModel(CONFIG, vector_encoder("x", 4)))
    video = torch.randn(3, 2, 6, dtype=torch.float64, requires_grad=True)
    vectors = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    mask = torch.tensor([[True, True], [True, False], [False, False]])

    def loss(vectors: Tensor, video: Tensor) -> Tensor:
        text, clip = model(vectors, video, mask)
        return symmetric_info_nce(cosine_similarity(text, clip), temperature=0.5)

    assert torch.autograd.gradcheck(loss, (vectors, video))
    loss(vectors, video).backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in model.parameters())


def test_wrong_features_are_refused(model: TextVideoModel) -> None:
    with pytest.raises(ValueError, match=r"\[B, T, 6\].*\[1, 2, 5\]"):
        model.encode_video(torch.zeros(1, 2, 5), torch.ones(1, 2, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"\[B, T\]"):
        model.encode_video(torch.zeros(1, 2, 6), torch.ones(1, 3, dtype=torch.bool))


def test_a_saved_model_comes_back_whole(model: TextVideoModel, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path / "m", card="# mine")
    model.save_pretrained(tmp_path / "m", card="# mine")  # an earlier one is replaced
    back = TextVideoModel.from_pretrained(tmp_path / "m")
    assert back.config == model.config
    assert not back.training
    assert torch.equal(back.encode_text(back.tokenize(TEXTS)), model.encode_text(model.tokenize(TEXTS)))
    video, mask = torch.randn(2, 3, 6), torch.ones(2, 3, dtype=torch.bool)
    assert torch.equal(back.encode_video(video, mask), model.encode_video(video, mask))
    assert (tmp_path / "m" / "README.md").read_text() == "# mine"
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_the_card_says_what_the_model_is(model: TextVideoModel, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path / "m")
    card = (tmp_path / "m" / "README.md").read_text()
    assert "simulated, 6 dimensions, at most 4 frames" in card


@pytest.mark.parametrize("kept", [0, 7, 100, -1])
def test_cut_off_weights_are_one_clear_error(model: TextVideoModel, tmp_path: Path, kept: int) -> None:
    model.save_pretrained(tmp_path / "m")
    weights = tmp_path / "m" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:kept])
    with pytest.raises(ModelError, match=r"is damaged: model\.safetensors has \d+ of \d+ bytes"):
        TextVideoModel.from_pretrained(tmp_path / "m")
    (tmp_path / "m" / "manifest.json").unlink()
    with pytest.raises(ModelError, match="missing or cut off"):
        TextVideoModel.from_pretrained(tmp_path / "m")


def test_flipped_weights_are_found_and_the_card_may_be_edited(model: TextVideoModel, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path / "m")
    (tmp_path / "m" / "README.md").write_text("my own words")
    TextVideoModel.from_pretrained(tmp_path / "m")
    data = bytearray((tmp_path / "m" / "model.safetensors").read_bytes())
    data[-1] ^= 0x40  # an exponent: another finite number
    (tmp_path / "m" / "model.safetensors").write_bytes(data)
    with pytest.raises(ModelError, match=r"is damaged: model\.safetensors has another hash"):
        TextVideoModel.from_pretrained(tmp_path / "m")


def test_weights_load_strictly(model: TextVideoModel, tmp_path: Path) -> None:
    model.save_pretrained(tmp_path / "m")
    config = tmp_path / "m" / "config.json"
    (tmp_path / "m" / "manifest.json").unlink()
    values = json.loads(config.read_text())
    config.write_text(json.dumps({**values, "model": {**values["model"], "blocks": 1}}))
    with pytest.raises(ModelError, match=r"do not fit its config.*video\.blocks\.1"):
        TextVideoModel.from_pretrained(tmp_path / "m")
    config.write_text(json.dumps({**values, "model": {**values["model"], "blocks": 10_000_000}}))
    with pytest.raises(ModelError, match="no model has such a shape"):
        TextVideoModel.from_pretrained(tmp_path / "m")
    config.write_text(json.dumps({**values, "model": {**values["model"], "surprise": 1}}))
    with pytest.raises(ModelError, match="surprise"):
        TextVideoModel.from_pretrained(tmp_path / "m")


def test_what_is_no_model_is_said_and_left_alone(model: TextVideoModel, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("precious")
    with pytest.raises(ModelError, match="holds no model"):
        TextVideoModel.from_pretrained(tmp_path)
    with pytest.raises(WorkspaceError, match=r"notes\.txt in it is not of a model"):
        model.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="no model folder"):
        TextVideoModel.from_pretrained(tmp_path / "nowhere")
    assert (tmp_path / "notes.txt").read_text() == "precious"


def test_pushing_uploads_the_folder_in_one_commit(
    model: TextVideoModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    calls: list[tuple[str, object]] = []

    class Hub:
        def create_repo(self, repo_id: str, **options: object) -> None:
            calls.append(("create", (repo_id, options["private"])))

        def repo_info(self, repo_id: str) -> object:
            return type("Repository", (), {"private": repo_id == "me/model"})

        def upload_folder(self, *, folder_path: Path, **options: object) -> object:
            calls.append(("upload", sorted(path.name for path in folder_path.iterdir())))
            assert 'from_pretrained("me/model")' in (folder_path / "README.md").read_text()
            return type("Commit", (), {"commit_url": "https://hub/commit/1"})()

    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    with pytest.raises(ModelError, match="me/open is there already, and public"):
        model.push_to_hub("me/open", private=True)
    assert calls.pop() == ("create", ("me/open", True))
    model.save_pretrained(tmp_path / "model")
    card = (tmp_path / "model/README.md").read_text()
    assert model.push_to_hub("me/model", private=True, card=card) == "https://hub/commit/1"
    assert calls == [
        ("create", ("me/model", True)),
        ("upload", ["README.md", "config.json", "encoder.json", "manifest.json", "model.safetensors", "tokenizer"]),
    ]
