"""Data sets with several captions a clip, from their own files to a trained model; own captions in one command each."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from conftest import MyCook
from datasets import load_dataset

from multiyoucook2.building.api import build
from multiyoucook2.building.opening import open_build
from multiyoucook2.building.worklists import open_worklists, texts_by_caption

from .writing import msrvtt, write_csv, write_json

FAST = {"beam_size": 1, "max_length_factor": 1.0, "max_length_extra": 4, "batch_tokens": 512, "retry": False}
TRAINING = {
    "objective": "c2kd", "encoder": "tiny", "embedding_dim": 16, "hidden_dim": 16, "max_frames": 4, "batch_size": 8,
    "epochs": 1, "tiny": {"vocab_size": 300, "dim": 16, "layers": 1},
    "teachers": [{"name": "tiny-a", "encoder": "tiny", "seed": 1, "tiny": {"vocab_size": 300, "dim": 16, "layers": 1}}],
}  # fmt: skip


def recipe(folder: Path, source: str, engine: Path, **options: Any) -> Path:
    values = {
        "source": source, "source_options": options, "languages": "all", "engine": str(engine), "decoding": FAST,
        "publication": {"pretty_name": "Trial", "card": f"multi-{source}"},
    }  # fmt: skip
    path = folder / f"{source}.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def train(mycook: MyCook, folder: Path, dataset: Path) -> dict[str, Any]:
    (folder / "training.yaml").write_text(yaml.safe_dump(TRAINING))
    mycook("features", "simulate", "--dataset", dataset, "--out", folder / "features", "--dim", 16)
    done = mycook(
        "train", "--dataset", dataset, "--features", folder / "features", "--recipe", folder / "training.yaml",
        "--out", folder / "run", "--json", "--offline",
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def caption_lists(folder: Path, clips: int) -> Path:
    """Invented captions as VATEX's test clips are passed around: a caption a line, English and Chinese."""
    for name, mark, text in (
        ("vatextest", "enc", "a cat jumps over fence {}"),
        ("vatextest_zh", "zh", "一只猫跳过栅栏{}"),
    ):
        with gzip.open(folder / f"{name}.caption.txt.gz", "wt", encoding="utf-8") as file:
            for clip in range(clips):
                for index in range(10):
                    said = text.format(clip * 10 + index)
                    file.write(f"{clip:010d}__000012_000022#{mark}#{index} {said}\n")
    return folder


def test_vatex_keeps_its_human_chinese_and_trains(mycook: MyCook, tiny_model: Path, tmp_path: Path) -> None:
    script = [sys.executable, "-m", "pipelines.vatex_json", "--lists", caption_lists(tmp_path, 20), "--out", tmp_path]
    subprocess.run(script, check=True, cwd=Path(__file__).parents[2])
    files = [tmp_path / f"vatex_{name}.json" for name in ("training", "test")]
    plan = recipe(tmp_path, "vatex", tiny_model)
    mycook(
        "build", "--recipe", plan, "--annotations", files[0], "--annotations", files[1], "--out", tmp_path / "out",
        "--set", "source_options.split=official",
    )  # fmt: skip
    dataset = tmp_path / "out" / "dataset"
    theirs = json.loads(files[1].read_text(encoding="utf-8"))
    chinese = load_dataset(str(dataset), "zh", split="test", cache_dir=str(tmp_path / "cache"))
    assert set(chinese["origin"]) == {"human"}
    assert set(chinese["accepted"]) == {True}
    assert [row["chCap"][index] for row in theirs for index in range(10)] == chinese["caption"][:]
    german = load_dataset(str(dataset), "de", split="train", cache_dir=str(tmp_path / "cache"))
    assert len(german) == 160
    assert set(german["origin"]) == {"machine"}
    assert german["caption_index"][:11] == [*range(10), 0]
    opened = open_build(tmp_path / "out")
    texts = texts_by_caption(opened)
    for row in open_worklists(opened, ("de",))["de"].rows:  # reviewed beside what was translated, not the Chinese
        assert row.caption.startswith("a cat jumps")
        assert texts[row.clip_id, row.caption_index]["zh"].startswith("一只猫")
    assert "query:first" in json.dumps(train(mycook, tmp_path, dataset))


def test_msrvtt_with_twenty_captions_a_clip_trains(mycook: MyCook, tiny_model: Path, tmp_path: Path) -> None:
    annotations = write_json(tmp_path / "MSRVTT_data.json", msrvtt([*range(12), 7020, 7021]))
    queries = [
        {"key": "ret0", "vid_key": "msr7020", "video_id": "video7020", "sentence": "someone stirs soup 2"},
        {"key": "ret1", "vid_key": "msr7021", "video_id": "video7021", "sentence": "two people cut paper 3"},
    ]
    listed = write_csv(tmp_path / "MSRVTT_JSFUSION_test.csv", queries)
    plan = recipe(tmp_path, "msrvtt", tiny_model, split="7k")
    mycook(
        "build", "--recipe", plan, "--langs", "de,zh", "--annotations", annotations, "--annotations", listed,
        "--out", tmp_path / "out",
    )  # fmt: skip
    dataset = tmp_path / "out" / "dataset"
    german = load_dataset(str(dataset), "de", split="train", cache_dir=str(tmp_path / "cache"))
    assert (len(german), max(german["caption_index"])) == (240, 19)
    assert "MSR-VTT states no licence" in (dataset / "README.md").read_text(encoding="utf-8")
    assert "query:listed" in json.dumps(train(mycook, tmp_path, dataset))


def own(folder: Path, kind: str) -> Path:
    rows = [{"id": f"c{number}", "sentence": f"cut onion number {number}", "split": "train"} for number in range(4)]
    rows[3]["split"] = "test"
    if kind == "csv":
        return write_csv(folder / "my.csv", rows)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    if kind == "jsonl":
        (folder / "my.jsonl").write_text(lines)
        return folder / "my.jsonl"
    (folder / "my").mkdir()
    for split in ("train", "test"):
        (folder / "my" / f"{split}.jsonl").write_text(
            "".join(json.dumps(row) + "\n" for row in rows if row["split"] == split)
        )
    (folder / "my" / "README.md").write_text("---\nlicense: cc0-1.0\n---\n")
    return folder / "my"


@pytest.mark.parametrize("kind", ["csv", "jsonl", "folder"])
def test_own_captions_are_one_command(kind: str, mycook: MyCook, tiny_model: Path, tmp_path: Path) -> None:
    mycook(
        "build", "--captions", own(tmp_path, kind), "--column", "text=sentence", "--column", "clip_id=id",
        "--split-column", "split", "--langs", "de", "--engine", tiny_model, "--citation", "@misc{me}",
    )  # fmt: skip
    dataset = tmp_path / "build" / "my" / "dataset"
    english = load_dataset(str(dataset), "en", cache_dir=str(tmp_path / "cache"))
    assert {name: split["clip_id"][:] for name, split in english.items()} == {
        "train": ["c0", "c1", "c2"], "test": ["c3"],
    }  # fmt: skip
    card = (dataset / "README.md").read_text(encoding="utf-8")
    assert "@misc{me}" in card
    assert ("Licence of the captions: cc0-1.0" in card) == (kind == "folder")
    assert "YouCook2" not in card.split("## Figures")[0]


def test_a_refused_file_leaves_nothing_half_written(mycook: MyCook, tiny_model: Path, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "my.csv", [{"caption": "cut it"}, {"caption": ""}])
    done = mycook("build", "--captions", path, "--langs", "de", "--engine", tiny_model, code=1)
    assert done.stderr.splitlines()[-3:] == [
        f"error: {path} has 1 error:",
        "  line 3: the caption is empty",
        "hint: mend the file, or leave such rows out with --skip-bad",
    ]
    assert not (tmp_path / "build" / "my" / "dataset").exists()
    mycook("build", "--captions", path, "--langs", "de", "--engine", tiny_model, "--skip-bad")
    card = (tmp_path / "build" / "my" / "dataset" / "README.md").read_text(encoding="utf-8")
    assert "1 of the rows of the files" in card
    assert "- line 3: the caption is empty" in card


def test_options_of_own_captions_without_them(mycook: MyCook) -> None:
    assert "go with --captions" in mycook("build", "--column", "text=x", code=1).stderr
    assert (
        "is for recipes with source: custom"
        in mycook("build", "--captions", "a.csv", "--recipe", "mini", code=1).stderr
    )
    assert "is not FIELD=COLUMN" in mycook("build", "--captions", "a.csv", "--column", "x", code=1).stderr
    spaced = mycook("build", "--captions", "my captions (1).csv", "--engine", "mini", "--langs", "de", code=1).stderr
    assert "my captions (1).csv does not exist" in spaced
    assert "does not exist" in mycook("build", "--captions", "a.csv", "--engine", "mini", code=1).stderr
    wanted = mycook("fetch", "--recipe", "multi-msrvtt", code=1).stderr
    assert "nothing that can be downloaded" in wanted
    assert "--annotations train_val_videodatainfo.json" in wanted


def test_own_captions_by_a_recipe_of_ones_own(mycook: MyCook, tmp_path: Path) -> None:
    """Its name, its decoding; the captions come from the command line."""
    recipe = "{source: custom, languages: de, engine: mini, decoding: {beam_size: 1}, publication: {pretty_name: Mine}}"
    (tmp_path / "mine.yaml").write_text(recipe)
    path = write_csv(tmp_path / "my.csv", [{"id": "c0", "caption": "cut the onions"}])
    done = mycook("build", "--recipe", tmp_path / "mine.yaml", "--captions", path, "--out", tmp_path / "out", "--json")
    assert json.loads(done.stdout)["report"]["languages"]["de"]["rows"] == 1
    assert "pretty_name: Mine" in (tmp_path / "out/dataset/README.md").read_text()


def test_a_large_build_is_translated_in_chunks(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven captions, three at a time: all are there, in order, mended, and a second run does nothing anew."""
    monkeypatch.setattr("multiyoucook2.building.repairing.CHUNK", 3)
    monkeypatch.setenv("MULTIYOUCOOK2_CACHE", str(tmp_path / "cache"))
    own_rows = [{"id": f"c{number}", "caption": f"cut {number} onions and fry them"} for number in range(7)]
    path = write_csv(tmp_path / "my.csv", own_rows)
    options = {"engine": str(tiny_model), "langs": "de", "annotations": path, "out": tmp_path / "out", "threads": 1}
    recipe = {"decoding": FAST, "repair": {"below": 1.0}}
    first = build("custom", **options, overrides=recipe)
    rows = pq.read_table(tmp_path / "out" / "dataset" / "de" / "train.parquet").to_pylist()
    assert [row["clip_id"] for row in rows] == [f"c{number}" for number in range(7)]
    places = ["", "rows-000000003", "rows-000000006"]
    shards = [sorted((tmp_path / "out" / "memory" / place).glob("**/*.parquet")) for place in places]
    assert all((tmp_path / "out" / "memory" / place / "repair").is_dir() for place in places)
    assert not (tmp_path / "out" / "memory" / "rows-000000009").exists()
    (tmp_path / "out" / "manifests" / "translate-de.json").unlink()
    assert build("custom", **options, overrides=recipe).content_hash == first.content_hash
    assert [sorted((tmp_path / "out" / "memory" / place).glob("**/*.parquet")) for place in places] == shards
