"""VATEX: ids split from the right, parallel halves, human Chinese, and the divisions of its validation part."""

from pathlib import Path

import pytest

from multiyoucook2.errors import SourceError
from multiyoucook2.sources.splits import shipped_ids

from .writing import captions, read, splits, vatex, write_json

TEST, VALIDATION = sorted(shipped_ids("vatex-hgr-test")), sorted(shipped_ids("vatex-hgr-validation"))
TRAIN = "-a_b_c_d_e9_000012_000022"


def test_ids_are_a_youtube_id_and_two_times(tmp_path: Path) -> None:
    reading = read("vatex", write_json(tmp_path / "vatex_training_v1.0.json", vatex([TRAIN])))
    clip = reading.clips.to_pylist()[0]
    assert (clip["clip_id"], clip["video_id"], clip["start_s"], clip["end_s"]) == (TRAIN, "-a_b_c_d_e9", 12.0, 22.0)
    assert clip["video_url"] == "https://www.youtube.com/watch?v=-a_b_c_d_e9"
    assert reading.credit.license == "cc-by-4.0"


def test_chinese_is_by_people_and_half_of_it_is_parallel(tmp_path: Path) -> None:
    reading = read("vatex", write_json(tmp_path / "train.json", vatex([TRAIN])))
    rows = reading.captions.to_pylist()
    assert {row["origin"] for row in rows} == {"human"}
    assert captions(reading, "zh")[TRAIN, 9] == "一只猫坐在椅子上9"
    for lang in ("en", "zh"):
        flags = [row["flags"] for row in rows if row["lang"] == lang]
        assert flags == [["independent"]] * 5 + [[]] * 5


def test_english_only_clips_are_not_called_independent(tmp_path: Path) -> None:
    path = write_json(tmp_path / "vatex_public_test.json", vatex([TRAIN], chinese=False))
    reading = read("vatex", path, split="official")
    assert splits(reading) == {TRAIN: "test"}
    assert not any(row["flags"] for row in reading.captions.to_pylist())
    with pytest.raises(SourceError, match="no part of the validation that this split divides"):
        read("vatex", path)


def test_the_divisions_of_the_validation_part(tmp_path: Path) -> None:
    training = write_json(tmp_path / "vatex_training_v1.0.json", vatex([TRAIN]))
    other = shipped_ids("vatex-1k5-test")
    videos = [TEST[0], min(set(VALIDATION) - other), min(set(VALIDATION) & other)]
    held_out = write_json(tmp_path / "vatex_validation_v1.0.json", vatex(videos))
    assert splits(read("vatex", training, held_out)) == {
        TRAIN: "train", videos[0]: "test", videos[1]: "validation", videos[2]: "validation",
    }  # fmt: skip
    assert splits(read("vatex", held_out, split="1k5"))[videos[2]] == "test"
    assert set(splits(read("vatex", held_out, split="official")).values()) == {"validation"}
    named = (
        write_json(tmp_path / "vatex_test.json", vatex(videos[1:2])),
        write_json(tmp_path / "all.json", vatex(videos[:1])),
    )
    assert list(splits(read("vatex", *named, split="official")).values()) == ["test", "validation"]
    assert (len(TEST), len(VALIDATION), len(set(TEST) & shipped_ids("vatex-1k5-test"))) == (1500, 1500, 724)


def test_the_layout_keyed_by_video_is_the_same(tmp_path: Path) -> None:
    rows = {row.pop("videoID"): row for row in vatex([TRAIN])}
    keyed = read("vatex", write_json(tmp_path / "train.json", rows))
    assert keyed.captions.equals(read("vatex", write_json(tmp_path / "train.json", vatex([TRAIN]))).captions)


def test_wrong_entries(tmp_path: Path) -> None:
    rows = [*vatex([TRAIN, TRAIN, "short_000012_000022", TEST[1]]), {"videoID": TEST[2]}, "x"]
    rows[3]["chCap"][4] = ["nested"]  # type: ignore[index]
    path = write_json(tmp_path / "a.json", rows)
    with pytest.raises(SourceError) as caught:
        read("vatex", path)
    assert str(caught.value).splitlines()[1:] == [
        f"  '{TRAIN}': it is there already",
        "  'short_000012_000022': its videoID is 'short_000012_000022', not such as AAAAAAAAAAA_000012_000022",
        f"  '{TEST[1]}': chCap[4]: the caption is [\"nested\"], not a text",
        "  entry 5: its videoID is null, not such as AAAAAAAAAAA_000012_000022",
    ]
    reading = read("vatex", path, skip_bad=True)
    assert reading.clips.num_rows == 2
    assert (TEST[1], 4) not in captions(reading, "zh")  # the index stays empty: its neighbours do not move
    assert (TEST[1], 5) in captions(reading, "zh")
    assert reading.notes == ("1 clips without captions, as in the private test part, are left out",)
