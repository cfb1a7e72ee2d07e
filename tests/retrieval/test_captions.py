"""Reading published data sets."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from multiyoucook2.corpus.captions import dataset_languages, load_captions
from multiyoucook2.errors import DatasetError

from .small_data import make_dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("data") / "small", clips=12, validation=4)


def test_languages_and_splits(dataset: Path) -> None:
    assert set(dataset_languages(dataset)) == {"en", "de", "ja"}
    train = load_captions(dataset, split="train", langs=["ja", "en"])
    assert train.languages == ("ja", "en")
    assert len(train.clip_ids) == 12
    assert train.label == "small@00000000"
    assert len(load_captions(dataset, split="validation").clip_ids) == 4


def test_what_a_language_lacks_is_an_empty_row(dataset: Path) -> None:
    train = load_captions(dataset, split="train")
    assert [clip for clip, texts in enumerate(train.texts["ja"]) if not texts] == [8]
    assert all(len(texts) == 1 for texts in train.texts["en"])


def test_reading_is_silent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load_captions(make_dataset(tmp_path / "small", clips=4, validation=2), split="train")
    assert capfd.readouterr() == ("", "")


def test_rejected_texts_are_for_evaluation_only(dataset: Path) -> None:
    assert load_captions(dataset, split="train", langs=["de"]).texts["de"][5] == ()
    assert load_captions(dataset, split="train", langs=["de"], accepted_only=False).texts["de"][5] != ()


def test_english_is_what_features_are_simulated_from(dataset: Path) -> None:
    train = load_captions(dataset, split="train")
    assert train.english() == {clip: texts[0] for clip, texts in zip(train.clip_ids, train.texts["en"], strict=True)}


def write(folder: Path, config: str, columns: dict[str, list]) -> None:
    (folder / config).mkdir(parents=True)
    pq.write_table(pa.table(columns), folder / config / "train.parquet")
    readme = folder / "README.md"
    configs = readme.read_text().removesuffix("---\n") if readme.exists() else "---\nconfigs:\n"
    files = f"- config_name: {config}\n  data_files:\n  - {{split: train, path: {config}/train.parquet}}\n"
    readme.write_text(configs + files + "---\n")


def test_anyones_data_set_of_the_same_form(tmp_path: Path) -> None:
    folder = tmp_path / "msrvtt"
    write(folder, "all", {"clip_id": ["b", "a"]})
    write(folder, "sw", {"clip_id": ["a", "b", "a"], "caption": ["moja", "mbili", "tatu"]})
    found = load_captions(folder, split="train")
    assert found.clip_ids == ["b", "a"]
    assert found.texts == {"sw": [("mbili",), ("moja", "tatu")]}
    assert found.name == "msrvtt"
    again = load_captions(folder, split="train")
    assert found.content_hash == again.content_hash
    assert len(found.content_hash) == 64


def test_what_cannot_be_read_is_named(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no language 'fr'") as error:
        load_captions(dataset, split="train", langs=["en", "fr"])
    assert "Known: de, en, ja" in error.value.hint
    with pytest.raises(DatasetError, match="split 'test'"):
        load_captions(dataset, split="test")
    with pytest.raises(DatasetError, match="is no folder"):
        load_captions(tmp_path / "nowhere", split="train")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="empty"):
        load_captions(tmp_path / "empty", split="train")
    write(tmp_path / "short", "de", {"clip_id": ["a"]})
    with pytest.raises(DatasetError, match="no column 'caption'"):
        load_captions(tmp_path / "short", split="train")
    write(tmp_path / "double", "all", {"clip_id": ["a", "a"]})
    write(tmp_path / "double", "de", {"clip_id": ["a"], "caption": ["x"]})
    with pytest.raises(DatasetError, match="twice"):
        load_captions(tmp_path / "double", split="train")


def test_a_damaged_about_file_falls_back_to_the_content(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path / "small", clips=4, validation=2)
    (folder / "multiyoucook2.json").write_text(json.dumps([1]))
    assert load_captions(folder, split="train").name == "small"
