"""MSR-VTT: the splits in use, captions in the file's order, listed queries, and how much a split leaks."""

from pathlib import Path

import pytest

from multiyoucook2.errors import SourceError
from multiyoucook2.sources.splits import shipped_ids

from .writing import captions, msrvtt, read, splits, write_csv, write_json

NUMBERS = (3, 2, 6513, 7020, 7021, 9999)  # 7020 and 7021 are among the 1,000 of 1k-A, 9999 is not


def test_a_clip_has_its_sentences_in_the_order_of_the_file(tmp_path: Path) -> None:
    reading = read("msrvtt", write_json(tmp_path / "MSRVTT_data.json", msrvtt(NUMBERS)))
    assert (reading.clips.num_rows, reading.captions.num_rows) == (6, 120)
    assert [row["clip_id"] for row in reading.clips.to_pylist()] == [f"video{number}" for number in NUMBERS]
    clip = reading.clips.to_pylist()[0]
    assert (clip["video_id"], clip["start_s"], clip["end_s"], clip["recipe_type"]) == ("00000000001", 10.5, 22.75, "3")
    found = captions(reading)
    assert [found["video3", index] for index in (0, 1, 19)] == [
        "a cat sits on a chair 0", "a dog runs over grass 1", "two people cut paper 19",
    ]  # fmt: skip
    keys = [(row["clip_id"], row["caption_index"]) for row in reading.captions.to_pylist()]
    assert keys == [(f"video{number}", index) for number in NUMBERS for index in range(20)]


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ("full", {3: "train", 2: "train", 6513: "validation", 7020: "test", 7021: "test", 9999: "test"}),
        ("7k", {3: "train", 2: "train", 6513: "train", 7020: "test", 7021: "test"}),
        ("1k-A", {3: "train", 2: "train", 6513: "train", 7020: "test", 7021: "test", 9999: "train"}),
    ],
)
def test_the_splits_in_use(split: str, expected: dict[int, str], tmp_path: Path) -> None:
    reading = read("msrvtt", write_json(tmp_path / "a.json", msrvtt(NUMBERS)), split=split)
    assert splits(reading) == {f"video{number}": name for number, name in expected.items()}
    left_out = any("not part of the split" in note for note in reading.notes)
    assert left_out == (len(expected) < len(NUMBERS))


def test_the_lists_that_ship_have_the_sizes_that_the_field_states() -> None:
    test_a, train_b, test_b = map(shipped_ids, ("msrvtt-1k-A-test", "msrvtt-1k-B-train", "msrvtt-1k-B-test"))
    assert (len(test_a), len(train_b), len(test_b), len(test_a & test_b)) == (1000, 6656, 1000, 296)
    assert not train_b & test_b
    assert all(7010 <= int(video.removeprefix("video")) < 10000 for video in test_a)


def test_the_listed_sentence_is_the_query(tmp_path: Path) -> None:
    annotations = write_json(tmp_path / "a.json", msrvtt(NUMBERS))
    rows = [
        {"key": "ret0", "vid_key": "msr7020", "video_id": "video7020", "sentence": "Someone  stirs soup 2"},
        {"key": "ret1", "vid_key": "msr7021", "video_id": "video7021", "sentence": "a sentence of nobody"},
    ]
    reading = read("msrvtt", annotations, write_csv(tmp_path / "q.csv", rows, ";"), split="1k-A")
    flagged = [row for row in reading.captions.to_pylist() if "query" in row["flags"]]
    assert [(row["clip_id"], row["caption_index"], row["text"]) for row in flagged] == [
        ("video7020", 2, "someone stirs soup 2"),
        ("video7021", 20, "a sentence of nobody"),
    ]
    assert not any("listed sentences" in note for note in reading.notes)


def test_the_leak_of_a_split_is_counted(tmp_path: Path) -> None:
    """video7020 and video7021 are of one YouTube video, 1.75 s of which both show; 7021 is moved to training."""
    document = msrvtt((3, 7020, 7021))
    document["videos"][2]["split"] = "train"
    reading = read("msrvtt", write_json(tmp_path / "a.json", document))
    assert reading.notes == (
        "MSR-VTT full: 1 of the 1 test clips are of a video that train clips are of, too; "
        "1 overlap with one in time: scores on them flatter",
    )


def test_both_official_files_are_one_data_set(tmp_path: Path) -> None:
    first = write_json(tmp_path / "train_val_videodatainfo.json", msrvtt(NUMBERS[:3]))
    second = write_json(tmp_path / "test_videodatainfo.json", msrvtt(NUMBERS[3:]))
    assert splits(read("msrvtt", first, second)).keys() == {f"video{number}" for number in NUMBERS}
    with pytest.raises(SourceError, match=r"train_val.*: video 0: 'video3' is there already") as caught:
        read("msrvtt", first, first)
    assert "3 errors" in str(caught.value)


def test_wrong_rows_are_named_or_left_out(tmp_path: Path) -> None:
    document = msrvtt((2, 3, 4), captions_a_clip=2)
    document["videos"][1]["end time"] = 1.0
    document["videos"][2]["split"] = "trainval"
    document["sentences"][0]["caption"] = ""
    document["sentences"].append({"sen_id": 99, "video_id": "video77", "caption": "x"})
    path = write_json(tmp_path / "a.json", document)
    with pytest.raises(SourceError) as caught:
        read("msrvtt", path)
    assert str(caught.value).splitlines() == [
        f"{path} has 4 errors:",
        "  sentence 6: its video_id 'video77' names no video",
        "  sentence 0 (video2): the caption is empty",
        "  video3: the clip ends at 1 s, not after its start at 10.5 s",
        "  video4: its split is 'trainval', none of train, val and test",
    ]
    assert "--skip-bad" in caught.value.hint
    reading = read("msrvtt", path, skip_bad=True)
    assert captions(reading) == {("video2", 0): "a dog runs over grass 1"}
    assert len(reading.refused) == 4


@pytest.mark.parametrize("document", [[], {"videos": []}, {"videos": [], "sentences": {}}])
def test_another_shape_is_said(document: object, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"has no list '(videos|sentences)'"):
        read("msrvtt", write_json(tmp_path / "a.json", document))


def test_a_list_of_queries_without_its_columns(tmp_path: Path) -> None:
    annotations = write_json(tmp_path / "a.json", msrvtt((2,)))
    with pytest.raises(SourceError, match="has no column 'sentence'; it has 'video_id', 'text'"):
        read("msrvtt", annotations, write_csv(tmp_path / "q.csv", [{"video_id": "video2", "text": "x"}]))


def test_listed_sentences_of_other_clips_are_counted(tmp_path: Path) -> None:
    path = write_json(tmp_path / "MSRVTT_data.json", msrvtt([1, 7020]))
    rows = [{"key": f"ret{n}", "vid_key": f"msr{n}", "video_id": f"video{n}", "sentence": "x y"} for n in (7020, 9999)]
    reading = read("msrvtt", path, write_csv(tmp_path / "MSRVTT_JSFUSION_test.csv", rows), split="7k")
    assert "1 of 2 listed sentences are of clips that the files lack" in reading.notes


def test_what_has_no_text_is_counted(tmp_path: Path) -> None:
    """A video without any sentence, and a listed sentence that is blank."""
    document = msrvtt([1, 2, 7020], captions_a_clip=2)
    document["sentences"] = [row for row in document["sentences"] if row["video_id"] != "video2"]
    rows = [{"key": "ret0", "vid_key": "msr7020", "video_id": "video7020", "sentence": "\u00a0 "}]
    path = write_json(tmp_path / "MSRVTT_data.json", document)
    reading = read("msrvtt", path, write_csv(tmp_path / "MSRVTT_JSFUSION_test.csv", rows))
    assert splits(reading).keys() == {"video1", "video7020"}
    assert set(reading.notes) >= {
        "1 listed sentences are empty: those clips have no listed query",
        "1 clips have no caption: they are left out",
    }


def test_a_video_of_two_files_has_its_captions_once(tmp_path: Path) -> None:
    """They are the first file's: with the second's it would have each of them twice. Sentences alone may follow."""
    first = write_json(tmp_path / "MSRVTT_data.json", msrvtt((2, 7020), captions_a_clip=2))
    second = write_json(tmp_path / "test_videodatainfo.json", msrvtt((7020, 7021), captions_a_clip=2))
    reading = read("msrvtt", first, second, skip_bad=True)
    assert sorted(captions(reading)) == [(f"video{n}", index) for n in (2, 7020, 7021) for index in (0, 1)]
    assert [(row.where, row.reason) for row in reading.refused] == [
        ("test_videodatainfo.json: video 0", "'video7020' is there already"),
        ("test_videodatainfo.json: sentence 0 (video7020)", "its video is there already, of an earlier file"),
        ("test_videodatainfo.json: sentence 2 (video7020)", "its video is there already, of an earlier file"),
    ]
    nameless = [{"video_id": ["video2"], "caption": "stir the soup"}]
    odd = write_json(tmp_path / "odd.json", {**msrvtt((9,)), "sentences": nameless})
    assert "names no video" in read("msrvtt", first, odd, skip_bad=True).refused[0].reason
    more = write_json(tmp_path / "more.json", {**msrvtt((2,), captions_a_clip=1), "videos": []})
    assert ("video2", 2) in captions(read("msrvtt", first, more))
    twice = msrvtt((2,), captions_a_clip=2)
    twice["videos"] *= 2  # in one file: its sentences are those of the video, once
    assert len(captions(read("msrvtt", write_json(tmp_path / "a.json", twice), skip_bad=True))) == 2
