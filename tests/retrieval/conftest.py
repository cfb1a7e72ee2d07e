"""What several retrieval tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from .small_data import make_dataset, make_features

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] mix the eggs chop an onion fry rice in a pan".split()


@pytest.fixture(scope="session", autouse=True)
def datasets_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of the tests' own for the ``datasets`` library, instead of the user's."""
    import datasets

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path_factory.mktemp("datasets"))
        yield


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of eight dimensions with a word-piece tokenizer, as transformers saves them."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("bert") / "bert-mini"
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    shape = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    BertModel(BertConfig(vocab_size=len(WORDS), **shape)).save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Tiny products are faster so, and the tests share two cores."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data set in ``data`` and its simulated features in ``features``."""
    folder = tmp_path_factory.mktemp("small")
    make_dataset(folder / "data")
    make_features(folder / "data", folder / "features")
    return folder
