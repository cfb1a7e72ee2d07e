"""Data sets of which nothing is translated: clips that lack languages, and the released pickles with their features."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import MyCook

from multiyoucook2.building.api import build
from multiyoucook2.features.store import FeatureStore

from .writing import write_pickle


def test_rudder_is_published_with_the_languages_that_a_clip_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MULTIYOUCOOK2_CACHE", str(tmp_path / "cache"))
    files = [
        write_pickle(tmp_path / "raw-captions_marathi.pickle", {"one": ["कागद कापा", "कागद"], "two": ["दोरी बांधा"]}),
        write_pickle(tmp_path / "raw-captions_hindi.pickle", {"two": ["रस्सी बाँधो"]}),
        write_pickle(tmp_path / "raw-captions_tamil.pickle", {"one": ["காகிதத்தை வெட்டு"]}),
    ]
    result = build("rudder", annotations=files, out=tmp_path / "out", offline=True)
    assert result.dataset is not None
    everything = pq.read_table(result.dataset / "all" / "train.parquet").to_pylist()
    assert [row["captions"] for row in everything] == [
        {"hi": None, "mr": ["कागद कापा", "कागद"], "ta": ["காகிதத்தை வெட்டு"]},
        {"hi": ["रस्सी बाँधो"], "mr": ["दोरी बांधा"], "ta": None},
    ]
    tamil = pq.read_table(result.dataset / "ta" / "train.parquet").to_pylist()
    assert [(row["clip_id"], row["origin"], row["engine"], row["caption_en"]) for row in tamil] == [
        ("one", "machine", None, None)
    ]
    about = json.loads((result.dataset / "multiyoucook2.json").read_text(encoding="utf-8"))
    assert about["languages"] == ["mr", "hi", "ta"]
    assert not (result.dataset / "te").exists()


def test_released_pickles_become_a_data_set_and_features(mycook: MyCook, tmp_path: Path) -> None:
    frames = np.arange(12, dtype=np.float32).reshape(3, 4)
    for split, count in (("train", 2), ("val", 1)):
        rows = [
            {
                "id": f"{split}_{number}",
                "caption": f"cut {number}",
                "caption_cz": f"nakrájej {number}",
                "s3d": frames,
                "audio": frames,
            }
            for number in range(count)
        ]
        write_pickle(tmp_path / f"youcook_{split}_audio_multilingual.pkl", rows)
    names = [f"youcook_{split}_audio_multilingual.pkl" for split in ("train", "val")]
    said = json.loads(mycook("import", "released", *names, "--out", "released", "--json").stdout)
    assert sorted(said["report"]["languages"]) == ["cs"]
    out = tmp_path / "released"
    czech = pq.read_table(out / "dataset" / "cs" / "train.parquet").to_pylist()
    assert [row["caption"] for row in czech] == ["nakrájej 0", "nakrájej 1"]
    assert (out / "dataset" / "cs" / "validation.parquet").is_file()
    store = FeatureStore.open(out / "features")
    assert (len(store), store.dim, store.content_hash) == (3, 4, said["features_hash"])
    np.testing.assert_array_equal(store["val_0"], frames)
    assert said["left_out"] == {"audio": 3}
