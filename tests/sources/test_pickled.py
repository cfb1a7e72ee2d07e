"""RUDDER's pickles a language, and the pickles that C2KD's authors released."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from multiyoucook2.errors import FeatureError, SourceError

from .writing import captions, read, splits, write_pickle


class Bomb:
    def __init__(self, trap: Path) -> None:
        self.trap = trap

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.trap),)


def rudder(folder: Path) -> list[Path]:
    (folder / "train_list.txt").write_text("one\ntwo\n")
    (folder / "test_list.txt").write_text("three\n")
    return [
        write_pickle(folder / "raw-captions_hindi.pickle", {"two": np.array(["एक"]), "four": ["दो"], "five": ["दो"]}),
        write_pickle(folder / "raw-captions_marathi.pickle",
                     {"three": [["चाक", "लावा"]], "one": ["कागद कापा", "कागद"], "two": "दोरी", "four": ["x"]}),
        write_pickle(folder / "raw-captions_tamil.pickle", {"three": ["காகிதம்"]}),
        folder / "train_list.txt",
        folder / "test_list.txt",
    ]  # fmt: skip


def test_a_clip_of_rudder_lacks_languages(tmp_path: Path) -> None:
    reading = read("rudder", *rudder(tmp_path))
    assert splits(reading) == {"three": "test", "one": "train", "two": "train"}
    assert captions(reading, "mr") == {
        ("three", 0): "चाक लावा", ("one", 0): "कागद कापा", ("one", 1): "कागद", ("two", 0): "दोरी",
    }  # fmt: skip
    assert captions(reading, "hi") == {("two", 0): "एक"}
    origins = {row["lang"]: row["origin"] for row in reading.captions.to_pylist()}
    assert origins == {"mr": "human", "hi": "human", "ta": "machine"}
    assert reading.notes == ("2 clips are in none of the lists of ids",)


def test_rudder_without_its_source_language(tmp_path: Path) -> None:
    hindi, *_ = rudder(tmp_path)
    with pytest.raises(SourceError, match="no captions in Marathi") as caught:
        read("rudder", hindi)
    assert "raw-captions_marathi.pickle" in caught.value.hint
    assert captions(read("rudder", hindi, language="hi"), "hi") == {
        ("two", 0): "एक",
        ("four", 0): "दो",
        ("five", 0): "दो",
    }


def test_rudder_files_that_do_not_say_what_they_are(tmp_path: Path) -> None:
    *files, train, test = rudder(tmp_path)
    (tmp_path / "ids.txt").write_text("one\n")
    with pytest.raises(SourceError, match="no list of a split by its name"):
        read("rudder", *files, tmp_path / "ids.txt")
    test.write_text("one\n")
    with pytest.raises(SourceError, match="'one' is in the lists of train and of test"):
        read("rudder", *files, train, test)
    with pytest.raises(SourceError, match="does not say its language"):
        read("rudder", write_pickle(tmp_path / "captions.pkl", {}))


def record(**changes: Any) -> dict[str, Any]:
    return {"id": "vid_0", "caption": "cut it", "s3d": np.ones((3, 4), np.float32), "audio": np.zeros(2), **changes}


def test_released_youcook2(tmp_path: Path) -> None:
    train = [record(caption_de="schneide es", caption_cz="nakrájej to"), record(id="vid_1", caption_de="brate es")]
    train_file = write_pickle(tmp_path / "youcook_train_audio_multilingual.pkl", train)
    val_file = write_pickle(tmp_path / "youcook_val_audio_multilingual_fixed.pkl", [record(id="vid_2")])
    reading = read("released", train_file, val_file)
    assert splits(reading) == {"vid_0": "train", "vid_1": "train", "vid_2": "validation"}
    assert captions(reading, "cs") == {("vid_0", 0): "nakrájej to"}
    assert captions(reading, "de") == {("vid_0", 0): "schneide es", ("vid_1", 0): "brate es"}
    origins = {row["lang"]: row["origin"] for row in reading.captions.to_pylist()}
    assert origins == {"en": "human", "de": "machine", "cs": "machine"}


def test_released_msrvtt_keeps_the_queries_of_evaluation(tmp_path: Path) -> None:
    rows = [
        {"id": "video9770", "2d": np.ones((2, 3)), "caption_en": ["a", "b"], "eval_caption_en": "b",
         "eval_caption_de": "B"},
        {"id": "video9771", "2d": np.ones((2, 3)), "eval_caption_en": "c", "eval_caption_de": "C"},
    ]  # fmt: skip
    reading = read("released", write_pickle(tmp_path / "msrvtt_jsfusion_test_multilingual.pkl", rows))
    assert captions(reading) == {("video9770", 0): "a", ("video9770", 1): "b", ("video9771", 0): "c"}
    assert captions(reading, "de") == {("video9770", 1): "B", ("video9771", 0): "C"}
    queries = {(row["clip_id"], row["lang"], row["caption_index"]) for row in reading.captions.to_pylist()
               if "query" in row["flags"]}  # fmt: skip
    assert queries == {(clip, lang, index) for clip, index in (("video9770", 1), ("video9771", 0))
                       for lang in ("en", "de")}  # fmt: skip


def test_released_captions_in_an_array(tmp_path: Path) -> None:
    """Comparing the query with them ended in numpy's error."""
    rows = [{"id": "a", "caption_en": np.array(["x", "y"]), "eval_caption_en": "y"}] * 2
    reading = read("released", write_pickle(tmp_path / "msrvtt_test.pkl", rows))
    assert captions(reading) == {("a", 0): "x", ("a", 1): "y"}
    assert [row["flags"] for row in reading.captions.to_pylist()] == [[], ["query"]]


def test_a_query_takes_no_captions_place(tmp_path: Path) -> None:
    """The English query is its caption 0; the German caption 0 is another text, which stays."""
    rows = [
        {"id": "a", "caption_en": ["x", "y"], "caption_de": ["X", "Y"], "eval_caption_en": "x", "eval_caption_de": "Z"}
    ]
    reading = read("released", write_pickle(tmp_path / "msrvtt_test.pkl", rows))
    assert captions(reading, "de") == {("a", 0): "X", ("a", 1): "Y", ("a", 2): "Z"}
    assert captions(reading) == {("a", 0): "x", ("a", 1): "y", ("a", 2): "x"}


def test_a_repeated_clip_with_other_captions_is_named(tmp_path: Path) -> None:
    rows = [{"id": "a", "caption": "x"}, {"id": "a", "caption": "x"}, {"id": "a", "caption": "z"}]
    with pytest.raises(SourceError, match="a: it is there already with other captions"):
        read("released", write_pickle(tmp_path / "youcook_train.pkl", rows))
    assert captions(read("released", write_pickle(tmp_path / "youcook_train.pkl", rows[:2]))) == {("a", 0): "x"}


def test_rudder_has_one_file_a_language(tmp_path: Path) -> None:
    files = [write_pickle(tmp_path / name, {"c": ["x"]}) for name in ("raw-captions_marathi.pickle", "captions_mr.pkl")]
    with pytest.raises(SourceError, match="are of one language"):
        read("rudder", *files)


def test_released_rudder_and_vatex_are_by_people(tmp_path: Path) -> None:
    rudder_file = write_pickle(
        tmp_path / "rudder_train.pkl", [{"id": "a", "captions": {"en": "x", "hi": "एक", "ta": "த"}}]
    )
    origins = {row["lang"]: row["origin"] for row in read("released", rudder_file).captions.to_pylist()}
    assert origins == {"en": "human", "hi": "human", "ta": "machine"}
    vatex_file = write_pickle(tmp_path / "vatex_test_multilingual.pkl", [{"id": "a", "eval_caption_zh": "猫"}])
    assert read("released", vatex_file).captions.to_pylist()[0]["origin"] == "human"


def test_released_files_that_are_something_else(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not say its split by its name"):
        read("released", write_pickle(tmp_path / "data.pkl", [record()]))
    with pytest.raises(SourceError, match="is not a list of records"):
        read("released", write_pickle(tmp_path / "x_train.pkl", {"a": 1}))
    rows = [record(), record(id=None), record(id="b", caption=["x", 3]), record(id="c", caption_xx="x")]
    with pytest.raises(SourceError) as caught:
        read("released", write_pickle(tmp_path / "x_train.pkl", rows))
    assert [line.strip() for line in str(caught.value).splitlines()[1:]] == [
        "record 1: the clip id is null, not a text",
        "b: en: the caption is 3, not a text",
        "c: unknown language 'xx'",
    ]


@pytest.mark.parametrize(("source", "name"), [("released", "x_train.pkl"), ("rudder", "raw-captions_marathi.pickle")])
def test_nothing_in_a_pickle_is_run(source: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(pickle.dumps([Bomb(tmp_path / "trap")]))
    with pytest.raises(FeatureError, match="could run code"):
        read(source, path)
    assert not (tmp_path / "trap").exists()
