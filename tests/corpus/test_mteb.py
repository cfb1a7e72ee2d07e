"""Retrieval tasks for mteb, loaded and run by mteb itself, beside an encoder whose scores are known by hand."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from multiyoucook2.corpus.configs import dataset_tables
from multiyoucook2.corpus.dataset import content_hash, dataset_files
from multiyoucook2.corpus.hub_metadata import card_metadata
from multiyoucook2.corpus.mteb import export_mteb
from multiyoucook2.corpus.tables import CAPTION, CLIP, TRANSLATION, VERDICT
from multiyoucook2.errors import DatasetError, RecipeError

CLIPS = 12
RUN = """
import json, sys, warnings
warnings.simplefilter("ignore")
import mteb, numpy as np
sys.path.insert(0, sys.argv[1])
import tasks
from mteb.models import ModelMeta
from mteb.similarity_functions import cos_sim

class Known:
    # a text is the sum of the clips that carry it, a video the mean of its frames; `turn` makes every video another
    def __init__(self, texts, turn):
        self.texts, self.turn = texts, turn
        self.mteb_model_meta = ModelMeta.create_empty(
            overwrites={"name": f"tests/known-{turn}", "modalities": ["text", "video"]})
    def encode(self, inputs, *, task_metadata, hf_split, hf_subset, prompt_type=None, **kwargs):
        found = []
        for batch in inputs:
            if "video" in batch:
                found += [np.roll(np.mean(np.asarray(video), 0), self.turn) for video in batch["video"]]
            else:
                found += [np.asarray(self.texts[text], float) for text in batch["text"]]
        return np.stack(found)
    def similarity(self, one, two):
        return cos_sim(one, two)
    def similarity_pairwise(self, one, two):
        raise NotImplementedError

texts, found = json.loads(sys.argv[2]), {}
for turn in (0, 1):
    model = Known(texts, turn)
    for task in (tasks.CookingT2VRetrieval(), tasks.CookingV2TRetrieval()):
        results = mteb.evaluate(model, [task], cache=None, show_progress_bar=False)
        for scores in results.task_results[0].scores.values():
            for row in scores:
                found[f"{turn} {task.metadata.category} {row['hf_subset']}"] = [
                    row["languages"], row["main_score"], row["hit_rate_at_1"]]
print(json.dumps([found, tasks.CookingT2VRetrieval.metadata.sample_creation]))
"""


def caption(number: int) -> str:
    return f"step {number if number != 7 else 6}"  # two clips say the same


def make_dataset(folder: Path, reviewed: bool = False) -> Path:
    """One English caption a clip and one German, of which the last is refused."""
    ids = [f"v{n}_0" for n in range(CLIPS)]
    clip = {"video_url": "https://example.org/v", "segment_index": 0, "start_s": 1.0, "end_s": 2.5, "recipe_type": ""}
    clips = [{"clip_id": one, "video_id": one[:-2], "split": "validation", **clip} for one in ids]
    row = {"caption_index": 0, "lang": "en", "origin": "human", "flags": []}
    english = [{**row, "clip_id": one, "text": caption(n)} for n, one in enumerate(ids)]
    machine = {"lang": "de", "origin": "machine", "model": "m", "license": "mit"}
    german = [{**row, **machine, "text": f"Schritt {row['text'][5:]}"} for row in english]
    refused = [{"clip_id": ids[-1], "caption_index": 0, "lang": "de", "check": "numbers", "severity": "reject"}]
    table = pa.Table.from_pylist(clips, CLIP)
    tables = dataset_tables(
        table,
        pa.Table.from_pylist(english, CAPTION),
        {"de": pa.Table.from_pylist(german, TRANSLATION)},
        {"de": pa.Table.from_pylist(refused, VERDICT)},
        reviewed={"de": {(one, 0) for one in ids if reviewed}},
    )
    files, name = dataset_files(tables, table), content_hash(tables, table)
    head = card_metadata("Cooking", ["mit"], ["en", "de"], files, CLIPS, name)
    about = {"name": "cooking", "content_hash": name, "languages": ["en", "de"], "rows": CLIPS, "license": "mit"}
    for path, data in {**files, "README.md": f"---\n{yaml.safe_dump(head)}---\n".encode(),
                       "multiyoucook2.json": json.dumps(about).encode()}.items():  # fmt: skip
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def test_mteb_loads_and_runs_the_tasks(tmp_path: Path, environment: dict[str, str]) -> None:
    clip = np.eye(CLIPS)
    features = {f"v{n}_0": np.stack([clip[n] * 0.5, clip[n] * 1.5]).astype(np.float32) for n in range(CLIPS)}
    counts = export_mteb(make_dataset(tmp_path / "data"), tmp_path / "out", features=features)
    assert counts == {"clips": CLIPS, "captions": 2 * CLIPS - 1, "languages": 2}
    texts = {}
    for n in range(CLIPS):
        for text in (caption(n), caption(n).replace("step", "Schritt")):
            texts[text] = (np.array(texts.get(text, np.zeros(CLIPS))) + clip[n]).tolist()
    run = tmp_path / "run.py"
    run.write_text(RUN)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(run), str(tmp_path / "out"), json.dumps(texts)],
        env={**environment, "PYTHONWARNINGS": "ignore", "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")},
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found, creation = json.loads(done.stdout.splitlines()[-1])
    assert creation == "machine-translated"
    names = {"t2v": ("eng-Latn", "deu-Latn"), "v2t": ("v2t-eng-Latn", "v2t-deu-Latn")}
    assert set(found) == {f"{turn} {task} {name}" for turn in (0, 1) for task in names for name in names[task]}
    for task, subsets in names.items():
        for subset in subsets:
            assert found[f"0 {task} {subset}"] == [[subset.removeprefix("v2t-")], 1.0, 1.0]
    # with every video turned into its neighbour only one of the two that share a caption is still right
    assert found["1 t2v eng-Latn"][2] == pytest.approx(1 / (CLIPS - 1), abs=1e-4)
    assert found["1 v2t v2t-eng-Latn"][2] == pytest.approx(1 / CLIPS, abs=1e-4)


def test_what_is_said_of_the_texts_is_true(tmp_path: Path) -> None:
    export_mteb(make_dataset(tmp_path / "read", reviewed=True), tmp_path / "out")
    tasks = (tmp_path / "out/tasks.py").read_text()
    assert "sample_creation='machine-translated and verified'" in tasks
    make_dataset(tmp_path / "unread")
    for lang, creation in (("de", "machine-translated"), ("en", "found")):
        export_mteb(tmp_path / "unread", tmp_path / lang, langs=[lang])
        assert f"sample_creation='{creation}'" in (tmp_path / lang / "tasks.py").read_text()
    videos = pq.read_table(tmp_path / "out/videos.parquet")
    assert videos["video"][0].as_py() == "https://example.org/v#t=1,2.5"
    with pytest.raises(RecipeError, match="no split 'test'"):
        export_mteb(tmp_path / "read", tmp_path / "out", split="test")
    with pytest.raises(DatasetError, match="no clip of the split validation has features"):
        export_mteb(tmp_path / "read", tmp_path / "out", features={})


def test_every_clip_has_something_that_stands_for_its_video(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path / "data")
    frames = {f"v{n}_0": np.zeros((n, 4), np.float32) for n in range(CLIPS)}  # of the first clip, no frame
    assert export_mteb(folder, tmp_path / "out", features=frames)["clips"] == CLIPS - 1
    path = folder / "all/validation.parquet"
    rows = pq.read_table(path)
    place = rows.schema.get_field_index("video_url")
    pq.write_table(rows.set_column(place, rows.schema.field(place), pa.array([""] * CLIPS)), path)
    with pytest.raises(DatasetError, match="nothing stands for the video of v0_0"):
        export_mteb(folder, tmp_path / "out")


@pytest.mark.parametrize("name", ["3d-x", "²³", 'x"""\nimport os', "--", "cooking"])
def test_any_name_gives_a_module(name: str, tmp_path: Path) -> None:
    path = make_dataset(tmp_path / "read") / "multiyoucook2.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"name": name}))
    export_mteb(tmp_path / "read", tmp_path / "out")
    compile((tmp_path / "out/tasks.py").read_text(), "tasks.py", "exec")


@pytest.mark.parametrize("text", ["[", "[1]", "[" * 9000])
def test_a_damaged_description_is_one_line(text: str, tmp_path: Path) -> None:
    (make_dataset(tmp_path / "read") / "croissant.json").write_text(text)
    with pytest.raises(DatasetError, match=r"croissant\.json is damaged"):
        export_mteb(tmp_path / "read", tmp_path / "out")


def test_a_language_leads_nowhere_else(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is no language"):
        export_mteb(make_dataset(tmp_path / "read"), tmp_path / "out", langs=["en", "../../evil"])
