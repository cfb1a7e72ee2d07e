"""Arrays of whole videos, cut by segments, in every layout that is read; hostile files."""

import pickle
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from conftest import MyCook

from multiyoucook2.corpus.clips import Clip
from multiyoucook2.errors import FeatureError
from multiyoucook2.features.extract.cut import cut_features

from .making import make_clips_dataset

CLIPS = [
    Clip("a_0", "a", 1, 3, "train"), Clip("a_1", "a", 2.2, 2.4, "train"), Clip("a_2", "a", 4, 9, "train"),
    Clip("a_3", "a", 7, 8, "train"), Clip("b_0", "b", 0.4, 1.6, "train"), Clip("c_0", "c", 0, 1, "train"),
]  # fmt: skip
ARRAYS = {"a": np.arange(12, dtype=np.float32).reshape(6, 2), "b": -np.arange(8, dtype=np.float32).reshape(4, 2)}


def as_npy(folder: Path) -> Path:
    for name, array in ARRAYS.items():
        np.save(folder / f"{name}.npy", array)
    return folder


def as_npz(folder: Path) -> Path:
    for name, array in ARRAYS.items():
        np.savez(folder / f"{name}.npz", features=array)
    return folder


def as_one_npz(folder: Path) -> Path:
    np.savez(folder / "all.npz", **ARRAYS)
    return folder / "all.npz"


def as_h5(folder: Path) -> Path:
    with h5py.File(folder / "all.h5", "w") as file:
        for name, array in ARRAYS.items():
            file[name] = array
    return folder / "all.h5"


def as_pth(folder: Path) -> Path:
    for name, array in ARRAYS.items():
        torch.save(torch.from_numpy(array), folder / f"{name}.pth")
    return folder


def as_one_pth(folder: Path) -> Path:
    torch.save({name: torch.from_numpy(array) for name, array in ARRAYS.items()}, folder / "all.pth")
    return folder / "all.pth"


@pytest.mark.parametrize("make", [as_npy, as_npz, as_one_npz, as_h5, as_pth, as_one_pth])
def test_rows_by_segment(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "arrays").mkdir()
    source = make(tmp_path / "arrays")
    found = cut_features(source, CLIPS, tmp_path / "f", fps=1, name="s3d")
    cut = {clip_id: array.tolist() for clip_id, array in found.store}
    assert cut == {
        "a_0": [[2, 3], [4, 5]],
        "a_1": [[4, 5]],  # shorter than a row: the row that it lies in
        "a_2": [[8, 9], [10, 11]],
        "b_0": [[0, -1], [-2, -3]],  # every row that the segment touches
    }
    assert [(row.clip_id, row.status, row.vectors) for row in found.rows] == [
        ("a_0", "ok", 2), ("a_1", "ok", 1), ("a_2", "short", 2), ("a_3", "ended", 0), ("b_0", "ok", 2),
        ("c_0", "missing", 0),
    ]  # fmt: skip
    assert found.store.meta["fps"] == 1


def test_other_rates(tmp_path: Path) -> None:
    """S3D of 32 frames at 16 a second: a row every two seconds."""
    as_npy(tmp_path)
    found = cut_features(tmp_path, CLIPS[:1], tmp_path / "f", fps=0.5, name="s3d")
    assert found.store["a_0"].tolist() == [[0, 1], [2, 3]]


def test_one_of_several_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", rgb=ARRAYS["a"], flow=-ARRAYS["a"])
    with pytest.raises(FeatureError, match=r"a\.npz holds 'rgb', 'flow'"):
        cut_features(tmp_path, CLIPS[:1], tmp_path / "f", fps=1, name="s3d")
    found = cut_features(tmp_path, CLIPS[:1], tmp_path / "f", fps=1, name="s3d", key="flow")
    assert found.store["a_0"].tolist() == [[-2, -3], [-4, -5]]
    (tmp_path / "plain").mkdir()
    for source in (as_npy(tmp_path / "plain"), tmp_path / "a.npz"):  # nothing to choose from: keys are video ids
        with pytest.raises(FeatureError, match="has no file of several arrays to choose from"):
            cut_features(source, CLIPS[:1], tmp_path / "g", fps=1, name="s3d", key="flow")


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("evil"),))


@pytest.mark.parametrize("ending", ["npy", "npz", "pth"])
def test_pickles_are_not_run(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "arrays").mkdir()
    path = tmp_path / "arrays" / f"a.{ending}"
    if ending == "npy":
        np.save(path, np.array([Evil()], dtype=object), allow_pickle=True)
    elif ending == "npz":
        np.savez(path, features=np.array([Evil()], dtype=object))
    else:
        path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(FeatureError, match="could run code"):
        cut_features(tmp_path / "arrays", CLIPS, tmp_path / "f", fps=1, name="s3d")
    assert not (tmp_path / "evil").exists()


def compressed(path: Path) -> None:
    np.savez_compressed(path.with_suffix(".npz"), features=np.random.default_rng(0).random((50, 20)))
    data = bytearray(path.with_suffix(".npz").read_bytes())
    data[400:440] = b"\xff" * 40
    path.with_suffix(".npz").write_bytes(data)


def lying_head(path: Path) -> None:
    np.save(path.with_suffix(".npy"), np.ones((2, 3)))
    data = path.with_suffix(".npy").read_bytes()
    path.with_suffix(".npy").write_bytes(data.replace(b"(2, 3), }             ", b"(10000000000000,4), } "))


def lying_h5(path: Path) -> None:
    with h5py.File(path.with_suffix(".h5"), "w") as file:
        file.create_dataset("features", shape=(10_000_000_000, 4096), dtype="f4", chunks=(1, 4096))


def torn_h5(path: Path) -> None:
    with h5py.File(path.with_suffix(".h5"), "w") as file:
        file["features"] = np.ones((50, 20))
    path.with_suffix(".h5").write_bytes(path.with_suffix(".h5").read_bytes()[:3000])


def sparse(path: Path) -> None:
    torch.save({"features": torch.eye(4).to_sparse()}, path.with_suffix(".pth"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (compressed, r"a\.npz: Error -3 while decompressing"),
        (lying_head, r"a\.npy says that its shape is \[10000000000000, 4\]"),
        (lying_h5, r"'features' in .*a\.h5 says that its shape is \[10000000000, 4096\]"),
        (torn_h5, r"a\.h5: .*truncated file"),
        (sparse, r"a\.pth: can't convert Sparse layout tensor"),
    ],
)
def test_damage_is_named(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    make(tmp_path / "a")
    with pytest.raises(FeatureError, match=message):
        cut_features(tmp_path, CLIPS, tmp_path / "f", fps=1, name="s3d")
    whole = next(tmp_path.glob("a.*"))
    clips = [Clip("features_0", "features", 0, 1, "train")]
    with pytest.raises(FeatureError, match=message):
        cut_features(whole, clips, tmp_path / "f", fps=1, name="s3d")


def test_tensors_as_training_leaves_them(tmp_path: Path) -> None:
    """bfloat16, half precision, integers, gradients still asked for."""
    array = torch.from_numpy(ARRAYS["a"])
    kinds = {
        "a": array.clone().requires_grad_(), "b": array.bfloat16(), "c": array.half(), "d": array.int(),
    }  # fmt: skip
    clips = [Clip(f"{name}_0", name, 1, 3, "train") for name in kinds]
    torch.save(kinds, tmp_path / "all.pth")
    (tmp_path / "each").mkdir()
    for name, tensor in kinds.items():
        torch.save(tensor, tmp_path / "each" / f"{name}.pt")
    for source in (tmp_path / "all.pth", tmp_path / "each"):
        found = cut_features(source, clips, tmp_path / "f", fps=1, name="s3d")
        assert {clip_id: rows.tolist() for clip_id, rows in found.store} == {
            f"{name}_0": [[2, 3], [4, 5]] for name in kinds
        }  # fmt: skip


def test_bad_arrays(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match="has no array of any of the 3 videos"):
        cut_features(tmp_path, CLIPS, tmp_path / "f", fps=1, name="s3d")
    np.save(tmp_path / "a.npy", np.zeros((2, 3, 4)))
    with pytest.raises(FeatureError, match=r"the array of video 'a' is float64 \[2, 3, 4\], not numbers"):
        cut_features(tmp_path, CLIPS, tmp_path / "f", fps=1, name="s3d")
    assert not (tmp_path / "f").exists()


def test_the_command(mycook: MyCook, tmp_path: Path) -> None:
    data = make_clips_dataset(tmp_path / "data", [("a_0", "a", 0.0, 1.0), ("b_0", "b", 0.0, 1.0)])
    (tmp_path / "arrays").mkdir()
    np.save(tmp_path / "arrays" / "a.npy", np.ones((2, 3)))
    said = mycook("features", "cut", "arrays", "--dataset", data, "--out", "s3d").stdout
    assert "s3d: 1 clips of s3d, 3 dimensions" in said
    assert "1 missing   there is no file of the video" in said
