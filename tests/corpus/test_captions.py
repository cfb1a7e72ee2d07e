"""Reading published data sets."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from retrieval.small_data import make_dataset

from multiyoucook2.corpus.captions import dataset_languages, load_captions
from multiyoucook2.errors import DatasetError


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


def several(folder: Path, **languages: list[tuple[str, int, str | None, bool]]) -> Path:
    """A data set of rows (clip, caption index, caption, accepted) a language."""
    for lang, rows in languages.items():
        clips, indices, texts, accepted = (list(column) for column in zip(*rows, strict=True))
        write(folder, lang, {"clip_id": clips, "caption_index": indices, "caption": texts, "accepted": accepted})
    return folder


def test_a_rejected_or_missing_caption_keeps_its_place(tmp_path: Path) -> None:
    """Its neighbours' indices never shift, so that one index is one caption in every language."""
    english = [("a", 0, "mix it", True), ("a", 1, "stir it", True), ("a", 2, "whisk it", True), ("b", 0, "fry", True)]
    german = [("a", 2, "verquirle es", True), ("a", 0, "mische es", True), ("a", 1, "??", False)]
    folder = several(tmp_path / "d", en=english, de=german)
    found = load_captions(folder, split="train")
    assert found.texts["en"] == [("mix it", "stir it", "whisk it"), ("fry",)]
    assert found.texts["de"] == [("mische es", None, "verquirle es"), ()]
    assert found.most == 3
    assert load_captions(folder, split="train", accepted_only=False).texts["de"][0][1] == "??"


def test_captions_without_an_index_are_numbered_before_any_is_left_out(tmp_path: Path) -> None:
    columns = {"clip_id": ["a", "a", "a"], "caption": ["eins", "zwei", "drei"], "accepted": [False, True, True]}
    write(tmp_path / "d", "de", columns)
    assert load_captions(tmp_path / "d", split="train").texts["de"] == [(None, "zwei", "drei")]


def test_impossible_indices_are_refused(tmp_path: Path) -> None:
    twice = several(tmp_path / "twice", en=[("a", 1, "x", True), ("a", 1, "y", True)])
    with pytest.raises(DatasetError, match="caption 1 of clip 'a' twice"):
        load_captions(twice, split="train")
    for index in (-1, 10**9):
        far = several(tmp_path / f"far{index}", en=[("a", index, "x", True)])
        with pytest.raises(DatasetError, match=f"a caption of index {index}"):
            load_captions(far, split="train")


def test_the_caption_that_a_protocol_asks_is_known_by_its_flag(tmp_path: Path) -> None:
    columns = {"clip_id": ["a", "a", "b"], "caption": ["x", "y", "z"], "flags": [[], ["query"], []]}
    write(tmp_path / "d", "en", columns)
    assert load_captions(tmp_path / "d", split="train").listed == {"a": 1}
    write(tmp_path / "d", "de", {key: column for key, column in columns.items() if key != "flags"})
    assert load_captions(tmp_path / "d", split="train", langs=["de"]).listed == {"a": 1}  # whatever is read


def test_a_folder_is_read_itself_not_one_that_looks_like_it(tmp_path: Path) -> None:
    """Same name, same README: `datasets` would give the rows of whichever folder it read first."""
    for place, text in (("one", "mix"), ("two", "fry")):
        write(tmp_path / place / "data", "en", {"clip_id": ["a"], "caption": [text]})
    assert load_captions(tmp_path / "one/data", split="train").texts["en"] == [("mix",)]
    assert load_captions(tmp_path / "two/data", split="train").texts["en"] == [("fry",)]
    table = pa.table({"clip_id": ["a"], "caption": ["bake"]})
    pq.write_table(table, tmp_path / "one/data/en/train.parquet")  # written anew, README and names as they were
    assert load_captions(tmp_path / "one/data", split="train").texts["en"] == [("bake",)]


def test_the_hash_is_of_the_whole_data_set_whatever_was_read(tmp_path: Path) -> None:
    folder = several(tmp_path / "d", en=[("a", 0, "mix", True)], de=[("a", 0, "misch", True)])
    one, both = (load_captions(folder, split="train", langs=langs) for langs in (["de"], None))
    assert one.content_hash == both.content_hash
    other = several(tmp_path / "e" / "d", en=[("a", 0, "fry", True)], de=[("a", 0, "misch", True)])
    assert load_captions(other, split="train", langs=["de"]).content_hash != one.content_hash


def test_only_files_in_the_folder_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    write(folder, "en", {"clip_id": ["a"], "caption": ["mix"]})
    readme = (folder / "README.md").read_text()
    for path in ("../secret.parquet", "/etc/passwd", "en/train.csv", "hf://x/y.parquet"):
        (folder / "README.md").write_text(readme.replace("en/train.parquet", path))
        with pytest.raises(DatasetError) as error:
            load_captions(folder, split="train")
        assert "\n" not in str(error.value)
    (folder / "README.md").write_text("---\nconfigs: [[[[\n---\n")
    with pytest.raises(DatasetError, match="lists no configs that can be read"):
        load_captions(folder, split="train")
    (folder / "README.md").write_text("# no head\n")
    with pytest.raises(DatasetError, match="no language configs"):  # not one language called `default`
        load_captions(folder, split="train")


def test_damaged_files_are_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    write(folder, "en", {"clip_id": ["a"], "caption": ["mix"]})
    path = folder / "en/train.parquet"
    whole = path.read_bytes()
    for content in (whole[:50], b"", b"PAR1" + bytes(200), whole[:-8] + b"\xff" * 8):
        path.write_bytes(content)
        with pytest.raises(DatasetError, match="damaged") as error:
            load_captions(folder, split="train")
        assert len(str(error.value).splitlines()) == 1
    pq.write_table(pa.table({"clip_id": [1], "caption": ["mix"]}), path)
    with pytest.raises(DatasetError, match="column 'clip_id' of int64, not of string"):
        load_captions(folder, split="train")
    pq.write_table(pa.table({"clip_id": pa.array([None], pa.string()), "caption": ["mix"]}), path)
    with pytest.raises(DatasetError, match="row 1 has clip_id None"):
        load_captions(folder, split="train")
