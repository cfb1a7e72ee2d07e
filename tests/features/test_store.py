"""The feature store: what goes in comes out, damage is named, and a writer leaves all or nothing."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiyoucook2.errors import FeatureError, WorkspaceError
from multiyoucook2.features.importing import import_features
from multiyoucook2.features.store import FRAMES, INDEX, INDEX_SCHEMA, MANIFEST, FeatureStore, write_store


def clips(count: int = 3, dim: int = 4) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {f"v_{i}": random.standard_normal((i, dim)).astype(np.float16) for i in range(count)}  # v_0 has no frame


def test_what_is_written_is_read(tmp_path: Path) -> None:
    store = write_store(tmp_path / "s", clips().items(), name="s3d", meta={"note": 1})
    assert (store.name, store.dim, len(store), store.meta) == ("s3d", 4, 3, {"note": 1})
    assert store.clip_ids == ["v_0", "v_1", "v_2"]
    for clip, array in clips().items():
        assert store[clip].dtype == np.float16
        np.testing.assert_array_equal(store[clip], array)
    assert "v_1" in store
    assert "w" not in store
    with pytest.raises(KeyError):
        store["w"]


def test_rows_are_found_and_absent_ones_are_minus_one(tmp_path: Path) -> None:
    store = write_store(tmp_path / "s", clips().items(), name="s3d")
    assert store.rows(["v_2", "nobody", "v_0"]).tolist() == [2, -1, 0]
    assert store.rows([]).tolist() == []


def test_gather_pads_cuts_and_masks(tmp_path: Path) -> None:
    store = write_store(
        tmp_path / "s", {"a": np.ones((5, 2)), "b": np.full((1, 2), 2.0), "c": np.zeros((0, 2))}.items(), name="x"
    )
    video, mask = store.gather([1, 0, 2, -1], max_frames=3)
    assert video.dtype == np.float32
    assert mask.tolist() == [[True, False, False], [True] * 3, [False] * 3, [False] * 3]
    assert video[:, :, 0].tolist() == [[2, 0, 0], [1, 1, 1], [0, 0, 0], [0, 0, 0]]
    video, mask = store.gather([2], max_frames=3)
    assert video.shape == (1, 1, 2)
    assert not mask.any()


def test_a_vector_is_one_frame(tmp_path: Path) -> None:
    assert write_store(tmp_path / "s", [("a", [1.0, 2.0])], name="x")["a"].tolist() == [[1, 2]]


def test_the_hash_names_the_content_not_its_order_or_place(tmp_path: Path) -> None:
    one = write_store(tmp_path / "one", clips().items(), name="x")
    two = write_store(tmp_path / "two", reversed(clips().items()), name="x")
    other = write_store(tmp_path / "other", {**clips(), "v_2": np.zeros((2, 4))}.items(), name="x")
    renamed = write_store(
        tmp_path / "renamed", {("w_2" if k == "v_2" else k): v for k, v in clips().items()}.items(), name="x"
    )
    assert one.content_hash == two.content_hash
    assert len({one.content_hash, other.content_hash, renamed.content_hash}) == 3


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([("a", np.ones((1, 3))), ("b", np.ones((1, 2)))], "'b' has 2 dimensions, the clips before it 3"),
        ([("a", np.ones((1, 3))), ("a", np.ones((1, 3)))], "'a' has features twice"),
        ([("a", np.array([[1.0, 2.0], [np.nan, 1.0]]))], "'a' hold NaN or infinity, first in frame 1"),
        ([("a", np.array([[1e6]]))], "'a' hold a value too large for float16"),
        ([("a", np.array([["x"]]))], "'a' are <U1, not numbers"),
        ([("a", np.ones((1, 2, 3)))], r"'a' have shape \[1, 2, 3\]"),
        ([("a", np.ones((2, 0)))], r"'a' have shape \[2, 0\]"),
        ([], "no clips"),
    ],
)
def test_bad_arrays_are_refused_and_the_old_store_stays(tmp_path: Path, bad: list, message: str) -> None:
    write_store(tmp_path / "s", clips().items(), name="s3d")
    with pytest.raises(FeatureError, match=message):
        write_store(tmp_path / "s", bad, name="s3d")
    assert len(FeatureStore.open(tmp_path / "s")) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_float32_keeps_what_float16_cannot(tmp_path: Path) -> None:
    assert write_store(tmp_path / "s", [("a", [[1e6 + 1]])], name="x", dtype="float32")["a"][0, 0] == 1e6 + 1


def test_a_foreign_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(WorkspaceError, match=r"thesis\.txt in it is not of a feature store that we made"):
        write_store(tmp_path, clips().items(), name="x")
    assert (tmp_path / "thesis.txt").read_text() == "precious"


@pytest.mark.parametrize("name", ["", "a|b", "a b", "a:b"])
def test_a_name_that_would_break_signatures_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FeatureError, match="name of features"):
        write_store(tmp_path / "s", clips().items(), name=name)


def test_damage_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match="is no feature store"):
        FeatureStore.open(tmp_path / "nowhere")
    for file in (FRAMES, INDEX, MANIFEST):
        folder = tmp_path / file
        write_store(folder, clips().items(), name="x")
        data = (folder / file).read_bytes()
        (folder / file).write_bytes(data[: len(data) // 2])
        with pytest.raises(FeatureError, match=r"cut off|damaged"):
            FeatureStore.open(folder)
    write_store(tmp_path / "new", clips().items(), name="x")
    manifest = json.loads((tmp_path / "new" / MANIFEST).read_text())
    (tmp_path / "new" / MANIFEST).write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(FeatureError, match="format 99"):
        FeatureStore.open(tmp_path / "new")


def test_a_flipped_value_is_found_before_it_is_used(tmp_path: Path) -> None:
    write_store(tmp_path / "s", clips().items(), name="x")
    data = bytearray((tmp_path / "s" / FRAMES).read_bytes())
    data[1] ^= 0x40  # an exponent: another finite number
    (tmp_path / "s" / FRAMES).write_bytes(data)
    store = FeatureStore.open(tmp_path / "s")  # frames are not read
    with pytest.raises(FeatureError, match="its content is not what was written"):
        store.gather([1], max_frames=3)
    with pytest.raises(FeatureError, match="its content is not what was written"):
        store.to_table()


def test_an_index_that_points_elsewhere_is_found(tmp_path: Path) -> None:
    write_store(tmp_path / "s", clips().items(), name="x")
    table = pa.table({"clip_id": ["v_0", "v_1", "v_2"], "first": [0, 0, 2], "frames": [0, 1, 2]}, schema=INDEX_SCHEMA)
    with pa.OSFile(str(tmp_path / "s" / INDEX), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(FeatureError, match="index is not sound"):
        FeatureStore.open(tmp_path / "s")


def test_a_store_of_an_earlier_version_is_replaced_if_it_is_whole(tmp_path: Path) -> None:
    for broken in (False, True):
        write_store(tmp_path / "s", clips().items(), name="x")
        (tmp_path / "s" / "manifest.json").unlink()
        if broken:
            (tmp_path / "s" / FRAMES).write_bytes(bytes((tmp_path / "s" / FRAMES).stat().st_size))
            with pytest.raises(WorkspaceError, match="is not replaced"):
                write_store(tmp_path / "s", clips().items(), name="x")
        else:
            write_store(tmp_path / "s", clips().items(), name="x")


SIMULATE = """
import sys
from multiyoucook2.features.simulated import simulate
captions = {f"v_{n}": "mix the eggs" for n in range(200)}
print(simulate(captions, sys.argv[1], seed=int(sys.argv[2])).content_hash)
"""


def test_of_two_writers_one_store_remains(tmp_path: Path) -> None:
    """Whichever comes first: the folder holds one of the two, whole; who comes too late says who is at work."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", SIMULATE, str(tmp_path / "s"), str(seed)], stdout=-1, stderr=-1, text=True
        )
        for seed in range(3)
    ]
    said = [process.communicate() for process in running]
    made = {out.strip() for (out, _), process in zip(said, running, strict=True) if process.returncode == 0}
    late = [err for (_, err), process in zip(said, running, strict=True) if process.returncode]
    assert all(re.search("is in use by (another )?process", err) for err in late), late
    store = FeatureStore.open(tmp_path / "s")
    store.verify()
    assert store.content_hash in made
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_the_table_imports_back_to_the_same_store(tmp_path: Path) -> None:
    store = write_store(tmp_path / "s", clips().items(), name="s3d")
    pq.write_table(store.to_table(), tmp_path / "f.parquet")
    back = import_features([tmp_path / "f.parquet"], tmp_path / "t", name="s3d")
    assert back.content_hash == store.content_hash


@given(
    lengths=st.lists(st.integers(0, 5), min_size=1, max_size=8),
    asked=st.lists(st.integers(-1, 7), max_size=6),
    limit=st.integers(1, 6),
)
def test_gather_agrees_with_a_slow_loop(
    tmp_path_factory: pytest.TempPathFactory, lengths: list, asked: list, limit: int
) -> None:
    folder = tmp_path_factory.mktemp("g") / "s"
    arrays = [np.arange(n * 3).reshape(n, 3) + 10 * i for i, n in enumerate(lengths)]
    store = write_store(folder, ((f"c{i}", array) for i, array in enumerate(arrays)), name="x")
    rows = [row for row in asked if row < len(lengths)]
    video, mask = store.gather(rows, max_frames=limit)
    for item, row in enumerate(rows):
        expected = arrays[row][:limit] if row >= 0 else np.zeros((0, 3))
        assert mask[item].sum() == len(expected)
        np.testing.assert_array_equal(video[item, : len(expected)], expected)
        assert not video[item, len(expected) :].any()
