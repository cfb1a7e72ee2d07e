"""A trained tiny model, its features and an index, made once, never written into; and a browser."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.browser import chromium

from ..small_data import make_dataset, make_features

DESKTOP = {"width": 1280, "height": 800}
CLIP_S = 8  # seconds of a clip of the small data set; four clips a video


def add_segments(folder: Path) -> Path:
    """Give the small data set its config ``all``: videos, times, recipe types."""
    (folder / "all").mkdir()
    for split in ("train", "validation"):
        ids = pq.read_table(folder / "en" / f"{split}.parquet")["clip_id"].to_pylist()
        parts = [clip_id.rpartition("_") for clip_id in ids]
        table = pa.table(
            {
                "clip_id": ids, "video_id": [video for video, _, _ in parts],
                "video_url": [f"https://www.youtube.com/watch?v={video}" for video, _, _ in parts],
                "segment_index": pa.array([int(number) for _, _, number in parts], pa.int32()),
                "start_s": [float(10 * int(number)) for _, _, number in parts],
                "end_s": [float(10 * int(number) + CLIP_S) for _, _, number in parts],
                "recipe_type": ["soup" if int(video[-1]) % 2 else "bread" for video, _, _ in parts],
            }
        )  # fmt: skip
        pq.write_table(table, folder / "all" / f"{split}.parquet")
    readme = folder / "README.md"
    files = "".join(f"  - {{split: {split}, path: all/{split}.parquet}}\n" for split in ("train", "validation"))
    text = readme.read_text().replace("configs:\n", f"configs:\n- config_name: all\n  data_files:\n{files}")
    readme.write_text(text)
    return folder


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``data``, ``features``, ``run`` and ``index`` in one folder."""
    from multiyoucook2.retrieval.search.build import build_index
    from multiyoucook2.retrieval.training.run import train

    folder = tmp_path_factory.mktemp("search")
    add_segments(make_dataset(folder / "data"))
    make_features(folder / "data", folder / "features", without=("video000_1",))
    train(
        "translate-train-tiny", dataset=folder / "data", features=folder / "features", out=folder / "run", device="cpu",
        overrides={
            "batch_size": 16, "hidden_dim": 64, "embedding_dim": 64, "epochs": 12, "lr": 3e-4, "languages": "en,de,ja",
            "tiny": {"vocab_size": 400},
        },
    )  # fmt: skip
    about = json.loads((folder / "run" / "run.json").read_text())
    assert about["finished"]
    build_index(folder / "run", folder / "index", device="cpu")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, one for the tests of a file: a second one cannot be started beside it."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A tab that fails the test on an error in the console, and asks nobody but the page's server."""
    context = browser.new_context(viewport=DESKTOP)
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    yield tab
    assert not wrong
    assert all(url.startswith(("http://127.0.0.1", "data:")) for url in asked), asked
    context.close()
