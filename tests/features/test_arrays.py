"""Import of plain arrays."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from multiyoucook2.errors import FeatureError
from multiyoucook2.features.arrays import import_arrays

ARRAYS = {"v_0": np.arange(6.0).reshape(2, 3), "v_1": np.array([9.0, 8.0, 7.0])}


def check(source: Path, folder: Path) -> None:
    store = import_arrays(source, folder, name="clip")
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
    store = import_arrays(tmp_path / "in", tmp_path / "out", name="clip")
    assert [store[clip].tolist() for clip in store.clip_ids] == [[[1, 0]], [[1, 1]]]


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    np.save(tmp_path / "in" / "a.npy", np.array([{"x": 1}]), allow_pickle=True)
    np.savez(tmp_path / "in.npz", a=np.array([{"x": 1}]))
    for source in (tmp_path / "in", tmp_path / "in.npz"):
        with pytest.raises(FeatureError, match="could run code"):
            import_arrays(source, tmp_path / "out", name="x")
    assert not (tmp_path / "out").exists()


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
            import_arrays(tmp_path / source, tmp_path / "out", name="x")
