"""One step's gradient: cached, over several processes, and with dropout, against the plain gradient of one process."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from multiyoucook2.corpus.captions import load_captions
from multiyoucook2.features.store import FeatureStore
from multiyoucook2.retrieval.data.batches import Batch, Batches, TrainingSet
from multiyoucook2.retrieval.model.encoders import TextEncoder, load_encoder
from multiyoucook2.retrieval.model.towers import ModelConfig, TextVideoModel
from multiyoucook2.retrieval.objectives.loss import BatchEmbeddings
from multiyoucook2.retrieval.objectives.teachers import TeacherEmbeddings
from multiyoucook2.retrieval.recipe import training_recipe
from multiyoucook2.retrieval.training.processes import seed_everything
from multiyoucook2.retrieval.training.step import accumulate_gradients

from . import two_processes


def gradients_of(model: TextVideoModel) -> dict[str, Tensor]:
    return {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}


def assert_same(found: dict[str, Tensor], wanted: dict[str, Tensor], tolerance: float) -> None:
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        scale = float(gradient.abs().max())
        torch.testing.assert_close(found[name], gradient, rtol=0, atol=tolerance * max(scale, 1e-6), msg=name)


def bert_model(bert_folder: Path) -> TextVideoModel:
    """A model whose encoder has dropout, which the second forward pass of the caching must repeat."""
    seed_everything(5)
    encoder: TextEncoder = load_encoder(str(bert_folder), offline=True)
    shape = ModelConfig(video_dim=32, embedding_dim=16, hidden_dim=16, input_dropout=0.2, dropout=0.3)
    return TextVideoModel(shape, encoder).double()


def dropped(model: TextVideoModel) -> set[float]:
    return {part.p for part in model.modules() if isinstance(part, torch.nn.Dropout)}


@pytest.fixture
def data(folder: Path, bert_folder: Path) -> TrainingSet:
    captions = load_captions(folder / "data", split="train")
    return TrainingSet(captions, FeatureStore.open(folder / "features"))


def step(model: TextVideoModel, data: TrainingSet, *, chunk: int | None, max_tokens: int | None) -> tuple[float, Batch]:
    data.tokenize(model.encoder, max_length=20, max_tokens=max_tokens)
    batch = next(Batches(data, batch_size=24, seed=3).rest_of_epoch())
    loss_of = two_processes.distilling_loss(data)
    model.train()
    loss = accumulate_gradients(model, batch, loss_of, languages=data.languages, key=(1, 2), chunk=chunk)
    return float(loss), batch


@pytest.mark.parametrize("chunk", [1, 5, 24])
def test_cached_gradient_is_the_plain_one(data: TrainingSet, bert_folder: Path, chunk: int) -> None:
    """Dropout included, that of attention and of the towers too: a row drops the same units in any piece."""
    plain, cached = bert_model(bert_folder), bert_model(bert_folder)
    assert dropped(plain) == {0.1, 0.2, 0.3}
    wanted, _ = step(plain, data, chunk=None, max_tokens=None)
    found, batch = step(cached, data, chunk=chunk, max_tokens=60)
    assert len(batch.texts.parts) > 3  # type: ignore[union-attr]
    assert found == pytest.approx(wanted, rel=1e-12)
    assert_same(gradients_of(cached), gradients_of(plain), 1e-9)


def test_caching_repeats_the_dropout(data: TrainingSet, bert_folder: Path) -> None:
    """The same pieces, once with activations kept and once computed twice: equal only if the masks are repeated."""
    kept, cached = bert_model(bert_folder), bert_model(bert_folder)
    assert dropped(kept)
    wanted, _ = step(kept, data, chunk=None, max_tokens=60)
    found, _ = step(cached, data, chunk=24, max_tokens=60)
    assert found == wanted
    assert_same(gradients_of(cached), gradients_of(kept), 1e-12)


def test_gradient_of_a_step_is_that_of_the_loss_written_out(data: TrainingSet, bert_folder: Path) -> None:
    """Against autograd through a loss that loops over the languages with their own rows."""
    model = bert_model(bert_folder).eval()
    data.tokenize(model.encoder, max_length=20)
    batch = next(Batches(data, batch_size=12, seed=3).rest_of_epoch())
    assert any(len(rows) < 12 for rows in batch.rows.values())  # some clip lacks a language
    objective = training_recipe("translate-train-tiny", {"temperature": 0.2}).loss(data.languages)
    loss = accumulate_gradients(model, batch, objective, languages=data.languages, key=(0,))
    found = gradients_of(model)
    model.zero_grad()
    texts, video = batch.by_language(model.encode_text(batch.texts)), model.encode_video(batch.video_BTD, batch.mask_BT)
    slow = torch.zeros((), dtype=torch.float64)
    for lang, rows in batch.rows.items():
        for number, clip in enumerate(rows.tolist()):
            logits = torch.cosine_similarity(texts[lang][number][None], video[rows]) / 0.2
            back = torch.cosine_similarity(texts[lang], video[clip][None]) / 0.2
            slow = slow - (logits.log_softmax(0)[number] + back.log_softmax(0)[number]) / len(rows)
    slow.backward()
    assert float(loss) == pytest.approx(float(slow.detach()), rel=1e-9)
    assert_same(found, gradients_of(model), 1e-8)


def test_two_processes_take_the_step_of_one(folder: Path, tmp_path: Path) -> None:
    """Two gloo processes with half the batch each, against one with the whole batch."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = Path(two_processes.__file__)
    root = str(script.parent.parent.parent.parent)
    shared = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    shared |= {"WORLD_SIZE": "2", "PYTHONPATH": root, "HF_DATASETS_CACHE": str(tmp_path / "cache")}
    running = [
        subprocess.Popen(
            [sys.executable, str(script), str(folder), str(tmp_path / "2")],
            env={**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    two_processes.main(folder, str(tmp_path / "1"))  # the one process is this one
    for process in running:
        out, error = process.communicate(timeout=240)
        assert process.returncode == 0, out + error
    alone = load_file(tmp_path / "1-0.safetensors")
    for rank in (0, 1):
        shared_step = load_file(tmp_path / f"2-{rank}.safetensors")
        assert float(shared_step["loss"]) == pytest.approx(float(alone["loss"]), rel=1e-12)
        assert_same(shared_step, alone, 1e-9)


def test_embeddings_of_teachers_are_looked_up_by_clip() -> None:
    """The row of a clip in the whole batch is its row in the training set, not in the batch; its text the one drawn."""
    text_ME, video_NE = torch.randn(18, 4, generator=torch.manual_seed(0)), torch.eye(9, 4)
    row_NC = torch.arange(18).reshape(9, 2)
    row_NC[2, 0] = -1
    teachers = TeacherEmbeddings([(text_ME, video_NE)], row_NC)
    clips, captions = torch.tensor([7, 2]), torch.tensor([1, 0])
    wanted = torch.cosine_similarity(text_ME[15], video_NE[2], dim=0)
    np.testing.assert_allclose(teachers.similarities(clips, captions)[0, 0, 1], wanted, rtol=1e-5)
    assert teachers.taught(clips, captions).tolist() == [True, False]


def test_gradient_flows_to_learned_teacher_weights(data: TrainingSet, bert_folder: Path) -> None:
    """The objective's own parameters are reached although the embeddings are cut off from the model."""
    model = bert_model(bert_folder)
    data.tokenize(model.encoder, max_length=20)
    batch = next(Batches(data, batch_size=8, seed=3).rest_of_epoch())
    objective = training_recipe("c2kd-tiny", {"objective": "learned"}).loss(data.languages)
    sims = torch.rand(3, 8, 8, generator=torch.manual_seed(1))

    def loss_of(found: BatchEmbeddings) -> Tensor:
        return objective(found, sims, torch.ones(8, dtype=torch.bool))  # type: ignore[no-any-return]

    accumulate_gradients(model, batch, loss_of, languages=data.languages, key=(0,))
    assert objective.teacher_weights is not None
    gradient = objective.teacher_weights.logits_K.grad
    assert gradient is not None
    assert gradient.abs().max() > 0
