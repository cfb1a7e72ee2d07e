"""One distilling step, run as a process among several (``two_processes.py DATA_FOLDER OUT``); see test_gradients."""

import sys
from pathlib import Path

import torch
from torch import Tensor

from multiyoucook2.corpus.captions import load_captions
from multiyoucook2.features.store import FeatureStore
from multiyoucook2.retrieval.data.batches import Batches, TrainingSet
from multiyoucook2.retrieval.model.encoders import tiny_encoder
from multiyoucook2.retrieval.model.encoders.tiny import TinyConfig
from multiyoucook2.retrieval.model.towers import ModelConfig, TextVideoModel
from multiyoucook2.retrieval.objectives.loss import BatchEmbeddings
from multiyoucook2.retrieval.objectives.teachers import TeacherEmbeddings
from multiyoucook2.retrieval.recipe import training_recipe
from multiyoucook2.retrieval.training.processes import processes, rank, seed_everything
from multiyoucook2.retrieval.training.step import LossOf, accumulate_gradients


def distilling_loss(data: TrainingSet) -> LossOf:
    """C2KD with three random teachers, of which the clips without English learn nothing."""
    objective = training_recipe("c2kd-tiny").loss(data.languages)
    random = torch.Generator().manual_seed(11)
    row_NC = torch.arange(len(data))[:, None]
    pairs = [tuple(torch.randn(2, len(data), 6, generator=random)) for _ in range(3)]
    teachers = TeacherEmbeddings(pairs, torch.where(row_NC % 5 > 0, row_NC, -1))

    def loss_of(found: BatchEmbeddings) -> Tensor:
        clips = (found.index_B, found.caption_B)
        return objective(found, teachers.similarities(*clips), teachers.taught(*clips))  # type: ignore[no-any-return]

    return loss_of


def main(folder: Path, out: str) -> None:
    """One step on a batch of 16; loss and gradients go to ``OUT-RANK.safetensors``."""
    from accelerate import Accelerator
    from safetensors.torch import save_file

    Accelerator(cpu=True)
    captions = load_captions(folder / "data", split="train")
    data = TrainingSet(captions, FeatureStore.open(folder / "features"))
    seed_everything(2)
    texts = [text for found in captions.texts.values() for options in found for text in options]
    encoder = tiny_encoder(texts, config=TinyConfig(vocab_size=400, dim=16, layers=1))
    model = TextVideoModel(ModelConfig(video_dim=32, embedding_dim=16, hidden_dim=16), encoder).double()
    data.tokenize(encoder, max_length=20)
    batch = next(Batches(data, batch_size=16, seed=3, shard=(rank(), processes())).rest_of_epoch())
    assert len(batch.clip_ids) == 16 // processes()
    loss = accumulate_gradients(model, batch, distilling_loss(data), languages=data.languages, key=(0,))
    gradients = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    save_file({"loss": loss.reshape(1), **gradients}, f"{out}-{rank()}.safetensors")
    if processes() > 1:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
