"""Import of plain arrays."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from multiyoucook2.errors import FeatureError
from multiyoucook2.features.importing import import_features
from multiyoucook2.features.sentence_vectors import import_vectors

ARRAYS = {"v_0": np.arange(6.0).reshape(2, 3), "v_1": np.array([9.0, 8.0, 7.0])}


def check(source: Path, folder: Path) -> None:
    store = import_features([source], folder, name="clip")
    assert store.clip_ids == ["v_0", "v_1"]
    assert store["v_0"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert store["v_1"].tolist() == [[9, 8, 7]]


def test_a_folder_of_npy(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for clip, array in ARRAYS.items():
        np.save(tmp_path / "in" / f"{clip}.npy", array)
    check(tmp_path / "in", tmp_path / "out")


def test_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", **ARRAYS)
    check(tmp_path / "in.npz", tmp_path / "out")


@pytest.mark.parametrize("inner", [pa.list_(pa.float32()), pa.list_(pa.float32(), 3)])
def test_parquet(tmp_path: Path, inner: pa.DataType) -> None:
    rows = [np.atleast_2d(array).tolist() for array in ARRAYS.values()]
    table = pa.table({"clip_id": list(ARRAYS), "features": pa.array(rows, pa.list_(inner))})
    pq.write_table(table, tmp_path / "in.parquet")
    check(tmp_path / "in.parquet", tmp_path / "out")


def test_parquet_vectors_in_several_files(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in (0, 1):
        pq.write_table(
            pa.table({"clip_id": [f"v_{number}"], "features": [[1.0, float(number)]]}),
            tmp_path / "in" / f"{number}.parquet",
        )
    store = import_features([tmp_path / "in"], tmp_path / "out", name="clip")
    assert [store[clip].tolist() for clip in store.clip_ids] == [[[1, 0]], [[1, 1]]]


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    np.save(tmp_path / "in" / "a.npy", np.array([{"x": 1}]), allow_pickle=True)
    np.savez(tmp_path / "in.npz", a=np.array([{"x": 1}]))
    for source in (tmp_path / "in", tmp_path / "in.npz"):
        with pytest.raises(FeatureError, match="could run code"):
            import_features([source], tmp_path / "out", name="x")
    assert not (tmp_path / "out").exists()


def test_a_head_that_lies_about_its_size_takes_no_memory(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    np.save(tmp_path / "in" / "a.npy", np.ones((2, 3)))
    data = (tmp_path / "in" / "a.npy").read_bytes()
    (tmp_path / "in" / "a.npy").write_bytes(data.replace(b"(2, 3), }              ", b"(10000000000000000,3), }"))
    with pytest.raises(FeatureError, match=r"a\.npy says that its shape is \[10000000000000000, 3\]"):
        import_features([tmp_path / "in"], tmp_path / "out", name="x")


def test_ids_that_the_data_set_does_not_know_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "in.npz", **{"abc": np.ones((2, 3)), "def": np.ones((2, 3))})
    with pytest.raises(FeatureError, match=r"none of the ids is a clip .* are like 'abc', .*'abc_0'"):
        import_features([tmp_path / "in.npz"], tmp_path / "out", name="x", captions={"abc_0": "mix"})
    assert not (tmp_path / "out").exists()


def test_several_files_become_one_store_and_nothing_else(tmp_path: Path) -> None:
    for number in range(2):
        np.savez(tmp_path / f"{number}.npz", **{f"v_{number}": np.full((1, 2), number)})
    store = import_features([tmp_path / "0.npz", tmp_path / "1.npz"], tmp_path / "out", name="x")
    assert store.clip_ids == ["v_0", "v_1"]
    assert store.meta == {"files": [{"file": "0.npz"}, {"file": "1.npz"}]}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.npz", "1.npz", "out"]


def test_sentence_vectors(tmp_path: Path) -> None:
    table = {"clip_id": ["v_0", "v_0", "v_1"], "lang": ["de", "de", "en"], "caption_index": [0, 1, 0]}
    vectors = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    pq.write_table(pa.table({**table, "vector": vectors}), tmp_path / "v.parquet")
    np.savez(tmp_path / "v.npz", **dict(zip(["de:v_0", "de:v_0#1", "en:v_1"], map(np.array, vectors), strict=True)))
    one = import_vectors([tmp_path / "v.parquet"], tmp_path / "one", name="labse")
    two = import_vectors([tmp_path / "v.npz"], tmp_path / "two", name="labse")
    assert one.content_hash == two.content_hash
    assert {key: one[key].tolist() for key in one.clip_ids}["de:v_0#1"] == [[3, 4]]
    np.savez(tmp_path / "w.npz", v_0=np.ones(2))
    with pytest.raises(FeatureError, match=r"key 'v_0' of .* is none of a caption"):
        import_vectors([tmp_path / "w.npz"], tmp_path / "three", name="labse")


def test_unusable_sources(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.txt").write_text("x")
    (tmp_path / "bad.npz").write_bytes(b"PK no zip")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    pq.write_table(pa.table({"clip_id": ["a"]}), tmp_path / "short.parquet")
    pq.write_table(pa.table({"clip_id": ["a"], "features": [[[1.0], [1.0, 2.0]]]}), tmp_path / "ragged.parquet")
    pq.write_table(pa.table({"clip_id": pa.array([None], pa.string()), "features": [[1.0]]}), tmp_path / "null.parquet")
    for source, message in {
        "nothing": "there is no",
        "empty": "holds neither",
        "x.txt": "cannot import",
        "bad.npz": "bad.npz",
        "bad.parquet": "bad.parquet",
        "short.parquet": "no column 'features'",
        "ragged.parquet": "unequal length",
        "null.parquet": "without clip_id or features",
    }.items():
        with pytest.raises(FeatureError, match=message):
            import_features([tmp_path / source], tmp_path / "out", name="x")


def test_clips_that_would_lose_precision_are_named(tmp_path: Path) -> None:
    """The first clip says how wide a store is: whole numbers of two bytes do not fit into float16."""
    for first, second, stored in ((np.int8, np.float16, np.float16), (np.int16, np.float16, np.float32)):
        np.savez(tmp_path / "in.npz", a=np.full((1, 2), 5, first), b=np.full((1, 2), 5, second))
        store = import_features([tmp_path / "in.npz"], tmp_path / stored.__name__, name="x")
        assert store["b"].dtype == stored
    np.savez(tmp_path / "in.npz", a=np.ones((1, 2), np.float16), b=np.ones((1, 2), np.float32))
    with pytest.raises(FeatureError, match="features of clip 'b' are float32, those of the clips before it float16"):
        import_features([tmp_path / "in.npz"], tmp_path / "out", name="x")
    assert not (tmp_path / "out").exists()
