"""The official annotation format: what is read, what is cleaned, and every kind of file that is refused."""

import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiyoucook2.errors import SourceError
from multiyoucook2.sources.cleaning import MAX_CHARACTERS, clean_caption
from multiyoucook2.sources.youcook2 import mini_annotations, read_clips

from .writing import captions, read, splits, write_csv, write_json


def segment(index: int, start: Any = 1, end: Any = 2, sentence: Any = "chop the onion") -> dict[str, Any]:
    return {"id": index, "segment": [start, end], "sentence": sentence}


def video(*annotations: Any, **changes: Any) -> dict[str, Any]:
    return {
        "duration": 100.5,
        "subset": "training",
        "recipe_type": "113",
        "video_url": "https://www.youtube.com/watch?v=abcdefghijk",
        "annotations": list(annotations),
        **changes,
    }


def write(path: Path, **videos: Any) -> Path:
    path.write_text(json.dumps({"database": videos}), encoding="utf-8")
    return path


def test_reads_what_is_there(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.json",
        vid_A=video(segment(1, 5, 9.5, "fry it"), segment(0, 0, 4, "chop it")),
        vid_B=video(segment(0), subset="validation", recipe_type=7, video_url="cc"),
        vid_C=video(subset="testing"),
        vid_D={"subset": "testing", "duration": 3},
    )
    rows = read_clips(path).to_pylist()
    assert [row["clip_id"] for row in rows] == ["vid_A_0", "vid_A_1", "vid_B_0"]
    assert rows[1] == {
        "clip_id": "vid_A_1",
        "video_id": "vid_A",
        "video_url": "https://www.youtube.com/watch?v=abcdefghijk",
        "segment_index": 1,
        "start_s": 5.0,
        "end_s": 9.5,
        "split": "train",
        "recipe_type": "113",
        "caption": "fry it",
        "flags": [],
    }
    assert (rows[2]["split"], rows[2]["recipe_type"]) == ("validation", "7")
    assert (rows[2]["video_url"], rows[2]["flags"]) == ("https://www.youtube.com/watch?v=vid_B", ["video_url_repaired"])


def test_the_bundled_corpus_is_sound() -> None:
    clips = read_clips(mini_annotations())
    assert (clips.num_rows, len(set(clips.column("video_id").to_pylist()))) == (300, 60)
    assert set(clips.column("split").to_pylist()) == {"train", "validation"}


SENTENCE_FAULTS = [
    (segment(0, sentence=None), "sentence is missing"),
    ({"id": 0, "segment": [1, 2]}, "sentence is missing"),
    (segment(0, sentence=" \t\u200b\x00 "), "sentence is blank"),
    (segment(0, sentence=["chop"]), 'sentence is ["chop"], not a text'),
    (segment(0, 9, 3), "segment [9, 3] does not end after its start"),
    (segment(0, 3, 3), "segment [3, 3] does not end after its start"),
    (segment(0, -1, 3), "segment [-1, 3] is outside the video of 100.5 s"),
    (segment(0, 90, 101), "segment [90, 101] is outside the video of 100.5 s"),
    (segment(0, float("nan"), 3), "segment is [NaN, 3], not [start, end] in seconds"),
    (segment(0, 3, float("inf")), "segment is [3, Infinity], not [start, end] in seconds"),
    (segment(0, "1", 3), 'segment is ["1", 3], not [start, end] in seconds'),
    (segment(0, True, 3), "segment is [true, 3], not [start, end] in seconds"),
    (segment(0, 10**400, 3), "segment is [1000"),
    ({"id": 0, "segment": [1, 2, 3], "sentence": "a b"}, "segment is [1, 2, 3], not [start, end] in seconds"),
    ({"id": 0, "segment": None, "sentence": "a b"}, "segment is null, not [start, end] in seconds"),
    ({"segment": [1, 2], "sentence": "a b"}, "id is null, not a whole number from 0"),
    (segment(-1), "id is -1, not a whole number from 0"),
    (segment(True), "id is true, not a whole number from 0"),  # type: ignore[arg-type]
    ("chop", "is 'chop', not an object"),
]


@pytest.mark.parametrize(("annotation", "message"), SENTENCE_FAULTS)
def test_a_wrong_segment_is_named_with_its_video(annotation: Any, message: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", good_one=video(segment(0)), bad_one=video(segment(5), annotation))
    with pytest.raises(SourceError) as caught:
        read_clips(path)
    first, line = str(caught.value).splitlines()
    assert first == f"{path} has 1 error:"
    assert line.startswith(f"  bad_one: segment 1: {message}")
    assert len(line) < 160


VIDEO_FAULTS = [
    ({"subset": "trainig"}, "unknown subset 'trainig' (known: training, validation, testing)"),
    ({"subset": None}, "unknown subset null"),
    ({"subset": ["training"]}, 'unknown subset ["training"]'),
    ({"duration": float("nan")}, "duration is NaN, not seconds above 0"),
    ({"duration": 0}, "duration is 0, not seconds above 0"),
    ({"duration": "241"}, "duration is '241', not seconds above 0"),
    ({"annotations": {"0": {}}}, 'annotations is {"0": {}}, not a list'),
    ({"recipe_type": [1]}, "recipe_type is [1], not a text or a whole number"),
    ({"recipe_type": "1\ud800"}, "recipe_type is '1\\ud800', not a text or a whole number"),
]


@pytest.mark.parametrize(("changes", "message"), VIDEO_FAULTS)
def test_a_wrong_video_is_named(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has 1 error") as caught:
        read_clips(write(tmp_path / "a.json", bad_one=video(segment(0), **changes)))
    assert str(caught.value).splitlines()[1].startswith(f"  bad_one: {message}")


@pytest.mark.parametrize("video_id", ["../../etc/passwd", "a/b", "", "a" * 65, "a\nb", "..", "ü", "\x1b[31m"])
def test_path_like_video_ids_are_refused(video_id: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not a video id") as caught:
        read_clips(write(tmp_path / "a.json", **{video_id: video(segment(0))}))
    assert len(str(caught.value).splitlines()) == 2
    assert "\x1b" not in str(caught.value)


def test_duplicate_ids(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="bad_one: segment 1: id 3 is there twice"):
        read_clips(write(tmp_path / "a.json", bad_one=video(segment(3), segment(3))))
    path = tmp_path / "twice.json"
    one = json.dumps(video(segment(0)))
    path.write_text(f'{{"database": {{"vid_A": {one}, "vid_A": {one}}}}}')
    with pytest.raises(SourceError, match="'vid_A': this key is there twice"):
        read_clips(path)


def test_keys_that_are_there_twice_are_found_in_a_large_file(tmp_path: Path) -> None:
    """The time grows with the file, not with its square: 40,000 videos took 22 s."""
    rows = ",".join(f'"v{number}": 1' for number in [*range(60_000), 59_999])
    (tmp_path / "a.json").write_text(f'{{"database": {{{rows}}}}}')
    began = time.perf_counter()
    with pytest.raises(SourceError, match="'v59999': this key is there twice"):
        read_clips(tmp_path / "a.json")
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize("count", [5, 6, 40])
def test_five_errors_then_a_count(count: int, tmp_path: Path) -> None:
    videos = {f"bad_{number:02}": video(segment(0, sentence=None)) for number in range(count)}
    with pytest.raises(SourceError) as caught:
        read_clips(write(tmp_path / "a.json", **videos))
    lines = str(caught.value).splitlines()
    assert lines[0].endswith(f"has {count} errors:")
    assert [line.split(":")[0].strip() for line in lines[1:6]] == [f"bad_{number:02}" for number in range(5)]
    assert lines[6:] == ([f"  and {count - 5} more"] if count > 5 else [])


WHOLE_FILE_FAULTS = [
    (b"", "is not JSON: line 1"),
    (b"not json", "is not JSON: line 1, column 1"),
    (b'{"database": {', "is not JSON"),
    (b'{"database": {"v": "\xff"}}', "is not UTF-8: byte 20 is 0xff"),
    ("{}".encode("utf-16"), "is not UTF-8"),
    (b"[]", "has no 'database' of videos"),
    (b"{}", "has no 'database' of videos"),
    (b'{"database": []}', "has no 'database' of videos"),
    (b'{"database": {}}', "holds no captions"),
    (b"[" * 100_000, "is not readable JSON"),
    (b"9" * 5_000, "is not readable JSON"),
    (b'{"database": {"v": 3}}', "has 1 error"),
]


@pytest.mark.parametrize(("data", "message"), WHOLE_FILE_FAULTS, ids=range(len(WHOLE_FILE_FAULTS)))
def test_files_that_are_something_else(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=message):
        read_clips(path)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        read_clips(tmp_path / "nowhere.json")
    for name, wrong in [("/dev/zero", "a device, not a file"), ("a" * 5000, "cannot be read: ")]:
        with pytest.raises(SourceError, match=wrong):
            read_clips(Path(name))
    with pytest.raises(SourceError, match="is a folder"):
        read_clips(tmp_path)


@pytest.mark.parametrize(
    ("text", "cleaned", "flags"),
    [
        ("chop the onion", "chop the onion", []),
        ("chop  the\tonion\n", "chop the onion", ["whitespace"]),
        ("chop\x07the onion", "chop the onion", ["control_characters"]),
        ("auber\u00adgine", "aubergine", ["control_characters"]),
        ("cut\ud800it", "cut it", ["control_characters"]),
        ("cafe\u0301", "café", []),
        ("salt " * 300, ("salt " * 200).strip(), ["whitespace", "cut"]),
        ("x" * 3000, "x" * MAX_CHARACTERS, ["cut"]),
    ],
)
def test_cleaning(text: str, cleaned: str, flags: list[str]) -> None:
    assert clean_caption(text) == (cleaned, flags)


@given(st.text(st.characters(codec=None), max_size=1500))
def test_a_cleaned_caption_is_clean(text: str) -> None:
    cleaned, flags = clean_caption(text)
    assert clean_caption(cleaned) == (cleaned, [])
    assert cleaned.isprintable()
    assert len(cleaned) <= 2 * MAX_CHARACTERS  # composition may lengthen a few scripts
    assert flags or cleaned.encode() == __import__("unicodedata").normalize("NFC", text).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    key=st.sampled_from(["duration", "subset", "recipe_type", "video_url", "annotations", "id", "segment", "sentence"]),
    value=JSON,
)
def test_no_value_in_any_place_breaks_the_reader(
    key: str, value: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It reads the file, or refuses it in words."""
    entry = copy.deepcopy(video(segment(0)))
    (entry if key in entry else entry["annotations"][0])[key] = value
    try:
        rows = read_clips(write(tmp_path_factory.getbasetemp() / "fuzz.json", vid_A=entry)).to_pylist()
    except SourceError as error:
        named = "vid_A" in str(error) or "no captions" in str(error)
    else:
        named = bool(rows[0]["caption"])
    assert named


SHARED = Path(__file__).parents[2] / ".." / "shared" / "data" / "youcook2"


def test_the_testing_file_beside_it_is_read_and_counted(tmp_path: Path) -> None:
    bare = [{"id": number, "segment": [number, number + 1]} for number in range(3)]
    testing = {"vid_T": video(*bare, subset="testing"), "vid_U": video(segment(0), subset="testing")}
    both = [
        write(tmp_path / "trainval.json", vid_A=video(segment(0))),
        write(tmp_path / "test_segments_only.json", **testing),
    ]
    reading = read("youcook2", *both)
    assert splits(reading) == {"vid_A_0": "train", "vid_U_0": "test"}
    assert reading.notes == ("3 segments of 1 testing videos have no sentence: they are left out",)
    with pytest.raises(SourceError, match="is there already"):
        read("youcook2", both[0], write(tmp_path / "other.json", vid_A=video(segment(0, 7, 8))))


def test_the_dense_layout_has_the_official_ids(tmp_path: Path) -> None:
    dense = {"duration": 99, "timestamps": [[1, 5], [7, 9]], "sentences": ["cut it", "fry it"]}
    val = write_json(tmp_path / "yc2_val.json", {"v_AAAAAAAAAAA": dense})
    placeholder = {"duration": 9, "timestamps": [[0, 1]], "sentences": ["None"]}
    test = write_json(tmp_path / "yc2_test.json", {"v_BBBBBBBBBBB": placeholder})
    reading = read("youcook2", val, test)
    assert captions(reading) == {("AAAAAAAAAAA_0", 0): "cut it", ("AAAAAAAAAAA_1", 0): "fry it"}
    assert splits(reading) == dict.fromkeys(("AAAAAAAAAAA_0", "AAAAAAAAAAA_1"), "validation")
    assert reading.notes == ("1 segments have no sentence but a placeholder: they are left out",)
    assert reading.credit.license == "unknown"
    with pytest.raises(SourceError, match="does not say its split by its name"):
        read("youcook2", write_json(tmp_path / "yc2.json", {"v_AAAAAAAAAAA": dense}))
    with pytest.raises(SourceError, match="has no 'database' of videos, and is not a file of dense captions"):
        read("youcook2", write_json(tmp_path / "val.json", {"a": 1}))


MIL_NCE = {"end": 5, "start": 1, "task": 113, "text": "cut it", "video_id": "AAAAAAAAAAA"}


@pytest.mark.parametrize("lacking", ["end", "start", "video_id"])
def test_a_csv_without_a_column_of_the_segment_is_refused(lacking: str, tmp_path: Path) -> None:
    """By its own name, where there are several files; a clip of YouCook2 without times would be no segment."""
    sound = write_csv(tmp_path / "sound.csv", [MIL_NCE])
    rest = {name: value for name, value in MIL_NCE.items() if name != lacking}
    with pytest.raises(SourceError, match=rf"other\.csv has no column '{lacking}'; it has '"):
        read("youcook2", sound, write_csv(tmp_path / "other.csv", [rest]))
    with pytest.raises(SourceError, match=r"third\.csv has no column of captions"):
        read("youcook2", sound, write_csv(tmp_path / "third.csv", [{"id": 1}]))
    if lacking != "video_id":
        with pytest.raises(SourceError, match=r"line 2: segment is \[.*\], not \[start, end\] in seconds"):
            read("youcook2", write_csv(tmp_path / "blank.csv", [{**MIL_NCE, lacking: ""}]))


def test_a_bad_segment_leaves_the_ids_of_the_next_ones(tmp_path: Path) -> None:
    dense = {"duration": 99, "timestamps": [[1, 5], [7], [8, 9]], "sentences": ["cut it", "fry it", "eat it"]}
    path = write_json(tmp_path / "yc2_val.json", {"v_AAAAAAAAAAA": dense})
    reading = read("youcook2", path, skip_bad=True)
    assert captions(reading) == {("AAAAAAAAAAA_0", 0): "cut it", ("AAAAAAAAAAA_2", 0): "eat it"}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real annotations are not in ../shared/data/youcook2")
def test_all_layouts_of_the_real_annotations_name_the_same_clips() -> None:
    def key(*names: str) -> set[tuple[Any, ...]]:
        rows = read("youcook2", *(SHARED / name for name in names)).clips.to_pylist()
        return {(row["clip_id"], row["start_s"], row["end_s"], row["split"]) for row in rows}

    official = key("youcookii_annotations_trainval.json")
    assert key("dense/yc2_train.json", "dense/yc2_val.json", "dense/yc2_test.json") == official
    retrieval = key("validation_retrieval_3350.csv")
    assert len(retrieval) == 3350
    assert retrieval < official


def test_a_clip_of_two_files_has_its_caption_once(tmp_path: Path) -> None:
    """Even where both files say the same."""
    path = write(tmp_path / "a.json", vid_A=video(segment(0)))
    reading = read("youcook2", path, path, skip_bad=True)
    assert (reading.clips.num_rows, reading.captions.num_rows) == (1, 1)
    assert [row.reason for row in reading.refused] == ["clip 'vid_A_0' is there already"]
    rows = [{"end": 4, "start": 1, "task": 1, "text": "cut it", "video_id": "vid_A"}]
    path = write_csv(tmp_path / "validation.csv", rows)
    assert len(read("youcook2", path, path, skip_bad=True).refused) == 1
