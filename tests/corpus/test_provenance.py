"""How captions came about, read back; and copies of a data set with other captions accepted."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from retrieval.small_data import add_quality, make_dataset

from multiyoucook2.corpus.captions import load_captions
from multiyoucook2.corpus.provenance import read_provenance
from multiyoucook2.corpus.variant import write_variant
from multiyoucook2.errors import DatasetError, WorkspaceError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return add_quality(make_dataset(tmp_path / "data", clips=12, validation=9))


def test_provenance_is_that_of_the_rows(data: Path) -> None:
    rows = pq.read_table(data / "ja/train.parquet").to_pylist()
    found = read_provenance(data, lang="ja", split="train")
    assert len(found) == 11  # one has no text
    for row in rows:
        if row["caption"] is None:
            continue
        one = found[row["clip_id"], 0]
        assert (one.quality, one.accepted, one.human) == (row["quality"], row["accepted"], False)
        assert one.repaired == bool(row["flags"])
    english = read_provenance(data, lang="en", split="validation")
    assert {(one.quality, one.accepted, one.human) for one in english.values()} == {(None, True, True)}


def test_a_data_set_that_says_nothing_of_it(tmp_path: Path) -> None:
    data = make_dataset(tmp_path / "data", clips=4, validation=2)
    found = read_provenance(data, lang="de", split="train").values()
    assert {(one.quality, one.repaired, one.human) for one in found} == {(None, False, None)}


def test_a_quality_outside_0_to_1_is_named(data: Path) -> None:
    path = data / "de/train.parquet"
    table = pq.read_table(path)
    wrong = pa.array([*table["quality"].to_pylist()[:-1], float("nan")], pa.float32())
    pq.write_table(table.set_column(table.schema.get_field_index("quality"), "quality", wrong), path)
    with pytest.raises(DatasetError, match=r"clip 'video002_3' has a quality of nan"):
        read_provenance(data, lang="de", split="train")


def test_a_variant_differs_in_what_is_accepted_alone(data: Path, tmp_path: Path) -> None:
    refused = {"de": {("video000_1", 0), ("video001_0", 0)}}
    content = write_variant(data, tmp_path / "variant", name="two", split="train", refused=refused)
    whole = load_captions(data, split="train", accepted_only=False)
    variant = load_captions(tmp_path / "variant", split="train", accepted_only=False)
    assert (variant.texts, variant.clip_ids) == (whole.texts, whole.clip_ids)
    assert variant.content_hash == content != whole.content_hash
    kept = load_captions(tmp_path / "variant", split="train")
    assert [clip for clip, of in zip(kept.clip_ids, kept.texts["de"], strict=True) if not of] == [
        "video000_1",
        "video001_0",
    ]
    assert kept.texts["ja"] == load_captions(data, split="train").texts["ja"]
    assert write_variant(data, tmp_path / "variant", name="two", split="train", refused=refused) == content
    (tmp_path / "variant/mine.txt").write_text("mine")
    with pytest.raises(WorkspaceError, match=r"mine\.txt in it is not of a variant"):
        write_variant(data, tmp_path / "variant", name="two", split="train", refused=refused)
