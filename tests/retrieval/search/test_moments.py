"""Moments: clips of a video, and windows over frames whose content is known."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import torch

from multiyoucook2.corpus.clips import Clip
from multiyoucook2.errors import DatasetError, FeatureError
from multiyoucook2.features.extract.cut import cut_features
from multiyoucook2.features.store import FeatureStore, write_store
from multiyoucook2.retrieval.model.towers import TextVideoModel
from multiyoucook2.retrieval.objectives.similarity import cosine_similarity
from multiyoucook2.retrieval.search import open_index
from multiyoucook2.retrieval.search.build import build_index
from multiyoucook2.retrieval.search.moments import find_moments


def test_clips_of_a_video(made: Path) -> None:
    index = open_index(made / "index", device="cpu")
    curve = find_moments(index, "video005", "fry the onion")
    assert [(moment.start_s, moment.end_s) for moment in curve] == [(0, 8), (10, 18), (20, 28), (30, 38)]
    by_clip = {hit.clip_id: hit.score for hit in index.search("fry the onion", 10, video_id="video005")}
    assert {moment.clip_id: pytest.approx(moment.score, abs=1e-5) for moment in curve} == by_clip


def test_a_stride_wants_windows(made: Path) -> None:
    with pytest.raises(DatasetError, match="a stride is between windows, and there are none"):
        find_moments(open_index(made / "index", device="cpu"), "video005", "fry the onion", stride_s=2)


def test_windows_over_frames(made: Path, tmp_path: Path) -> None:
    """Eight frames a clip at one a second: windows of three every two, each scored as the model scores its frames."""
    old = FeatureStore.open(made / "features")
    random = np.random.default_rng(0)
    dense = {clip_id: random.standard_normal((8, 32)) for clip_id in old.clip_ids}
    store = write_store(tmp_path / "dense", dense.items(), name="simulated", meta={"fps": 1})
    index = build_index(made / "run", tmp_path / "index", features=tmp_path / "dense", device="cpu")
    curve = find_moments(index, "video005", "fry the onion", window_s=3, stride_s=2)
    spans = [(moment.start_s, moment.end_s) for moment in curve if moment.clip_id == "video005_1"]
    assert spans == [(10, 13), (12, 15), (14, 17), (15, 18)]
    model = TextVideoModel.from_pretrained(made / "run" / "model")
    with torch.no_grad():
        text_QE = model.encode_text(model.tokenize(["fry the onion"]))
        frames = torch.from_numpy(store["video005_1"][2:5].astype(np.float32))[None]
        wanted = cosine_similarity(text_QE, model.encode_video(frames, torch.ones(1, 3, dtype=torch.bool))).item()
    found = next(moment for moment in curve if (moment.clip_id, moment.start_s) == ("video005_1", 12))
    assert found.score == pytest.approx(wanted, abs=2e-3)
    object.__setattr__(index.model.model.config, "max_frames", 4)
    with pytest.raises(FeatureError, match="a window has 8 frames, the model takes 4"):
        find_moments(index, "video005", "fry", window_s=100)


@pytest.mark.parametrize(
    ("fps", "rows", "window_s", "expected"),
    [
        (1, 6, 1, [(12.9, 13), (13, 14), (14, 15), (15, 16), (16, 17), (17, 17.5)]),  # rows 12 to 17
        (0.25, 2, 4, [(12.9, 16), (16, 17.5)]),  # rows 3 and 4, of four seconds each
    ],
)
def test_rows_of_the_videos_own_grid(
    made: Path, tmp_path: Path, fps: float, rows: int, window_s: float, expected: list[tuple[float, float]]
) -> None:
    """Features that were cut out of a video's array stand for times of that array, and those begin before the clip."""
    random = np.random.default_rng(0)
    clips = [Clip("video005_1", "video005", 12.9, 17.5, "train")]
    np.save(tmp_path / "video005.npy", random.standard_normal((40, 32)))
    store = cut_features(tmp_path, clips, tmp_path / "cut", fps=fps, name="simulated").store
    assert len(store["video005_1"]) == rows
    data = shutil.copytree(made / "data", tmp_path / "data")
    for path in (data / "all").glob("*.parquet"):
        table = pq.read_table(path)
        for name, value in (("start_s", 12.9), ("end_s", 17.5)):
            column = pc.if_else(pc.equal(table["clip_id"], "video005_1"), value, table[name])
            table = table.set_column(table.column_names.index(name), name, column)
        pq.write_table(table, path)
    index = build_index(
        made / "run", tmp_path / "index", features=tmp_path / "cut", dataset=tmp_path / "data", device="cpu"
    )
    curve = find_moments(index, "video005", "fry the onion", window_s=window_s, stride_s=window_s)
    assert [(moment.start_s, moment.end_s) for moment in curve] == expected


def test_a_clip_shorter_than_a_window(made: Path) -> None:
    """Frames that nobody gave a rate: they are spread over the clip."""
    index = open_index(made / "index", device="cpu")
    store = FeatureStore.open(made / "features")
    curve = find_moments(index, "video005", "fry", window_s=1000)
    assert [(moment.start_s, moment.end_s) for moment in curve] == [(0, 8), (10, 18), (20, 28), (30, 38)]
    assert len(store["video005_0"]) > 1


def test_faults(made: Path, tmp_path: Path) -> None:
    index = open_index(made / "index", device="cpu")
    with pytest.raises(DatasetError, match=r"no clip has video_id '\.\./\.\./etc/passwd'"):
        find_moments(index, "../../etc/passwd", "fry")
    with pytest.raises(DatasetError, match="the query is empty"):
        find_moments(index, "video005", " ")
    with pytest.raises(DatasetError, match="cannot take windows of -1 s"):
        find_moments(index, "video005", "fry", window_s=-1)
    for name in ("index", "run"):
        shutil.copytree(made / name, tmp_path / name)
    write_store(tmp_path / "features", [("video005_0", np.ones((2, 32)))], name="simulated")
    with pytest.raises(
        FeatureError, match=r"the features of the index are simulated@[0-9a-f]{16}; .* is now simulated@"
    ):
        find_moments(open_index(tmp_path / "index", device="cpu"), "video005", "fry", window_s=2)


def test_vectors_of_several_frames(made: Path, tmp_path: Path) -> None:
    """Eight frames a second and eight of them behind a vector are a vector a second."""
    old = FeatureStore.open(made / "features")
    random = np.random.default_rng(0)
    dense = {clip_id: random.standard_normal((8, 32)) for clip_id in old.clip_ids}
    write_store(tmp_path / "dense", dense.items(), name="simulated", meta={"fps": 8, "window": 8})
    index = build_index(made / "run", tmp_path / "index", features=tmp_path / "dense", device="cpu")
    curve = find_moments(index, "video005", "fry the onion", window_s=4, stride_s=2)
    spans = [(moment.start_s, moment.end_s) for moment in curve if moment.clip_id == "video005_1"]
    assert spans == [(10, 14), (12, 16), (14, 18)]
