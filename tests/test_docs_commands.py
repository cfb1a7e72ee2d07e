"""Every command of README and docs is run, with small files under the names that the documents use.

Blocks marked ``run`` are run as they stand (tests/test_docs.py). The others are run here, in one process, with options
added that make them small; what needs a hub or a server is run by the test that is named in ``ELSEWHERE``.
"""

import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import FAST, ROOT
from documents import DOCUMENTS, blocks
from features.extract.making import make_clip_model, make_video
from sources.writing import WORDS, msrvtt, vatex, write_csv, write_json, write_pickle
from typer.testing import CliRunner

from multiyoucook2.cli.app import app

SMALL = "--engine mini --langs de --offline --limit 4 --quiet"
WHOLE = "--langs de --offline --quiet"  # of the bundled corpus: training wants both splits
# What is added to a command; of an option that is given twice the last counts.
ADDED = {
    "mycook build": SMALL,
    "mycook build --recipe mini": WHOLE,
    "mycook build --recipe rudder": "--offline --limit 4 --quiet",
    "mycook build --captions my.jsonl": "--engine table:answers.csv --offline --quiet --out build/spanish",
    "mycook fetch": "--annotations youcookii_annotations_trainval.json",
    "mycook translate --recipe mini": WHOLE,
    "mycook validate --recipe mini": WHOLE,
    "mycook translate piece-07.parquet": "--engine mini --langs de --offline",
    "mycook translate in.parquet": "--engine mini --langs de --offline",
    "mycook vocabulary-map": "--offline",
    "mycook doctor": "--offline",
    "mycook features cut": "--name s3d",
    "mycook features extract": "--encoder clip-model --fps 2 --device cpu --precision float32 --offline",
    "mycook train": "--recipe zero-shot-tiny --epochs 1 --offline --out runs/trained",
    "mycook evaluate": "--langs de",
    "mycook index": "--dataset build/mini/dataset --features build/mini/features",
    "mycook sweep": "--threads 1",
    "mycook teachers": "--teachers tiny-a --combinations alone --reduces max --seeds 0 --out runs/which "
    "--threads 1 --set epochs=1 --set batch_size=32 --set tiny.vocab_size=300",
}
# A recipe or default that would be downloaded, and the file in its place.
FILES = {
    "mycook build": "youcookii_annotations_trainval.json",
    "mycook build --recipe multi-youcook2": "youcookii_annotations_trainval.json",
    "mycook build --recipe multi-vatex": "vatex_training_v1.0.json",
}
REPLACED = {
    "opus-mt": "mini",
    "hf:owner/name": "on-the-hub",
    "USER/multi-youcook2-mini": "me/mini",
    "facebook/nllb-200-distilled-600M": str(ROOT / "multiyoucook2" / "mini" / "model"),
    "path/to/folder": str(ROOT / "multiyoucook2" / "mini" / "model"),
    "VIDEO_ID": "MINI0000001",
    "youcook2-3350": "all",
    "piece-07.parquet": "in.parquet",
    "piece-07.de.parquet": "out.parquet",
    "runs/sweep/*-seed*": "runs/trained",  # what the shell makes of it
}
# What a test of its own runs: a hub, a server, several processes, a cluster, a fresh machine.
ELSEWHERE = {
    "make": (".ci/run", "make"),
    "mycook publish": ("tests/corpus/test_hub.py", '"publish"'),
    "mycook serve": ("tests/retrieval/search/test_page.py", '"serve"'),
    "mycook review": ("tests/quality/test_review_browser.py", '"review"'),
    "mycook study quality": ("tests/retrieval/training/test_quality_study.py", "study("),
    "accelerate launch": ("tests/retrieval/training/test_cli_train.py", "accelerate.commands.launch"),
}


def documented() -> list[str]:
    """The commands of ours in all documents, each once, but those that tests/test_docs.py runs."""
    lines = [line for path in DOCUMENTS for block in blocks(path) if not block.run for line in block.commands()]
    ours = [line for line in lines if re.match(r"(\w+=\w+ )?(mycook|make|accelerate|python -m) ", line)]
    return list(dict.fromkeys(line for line in ours if "-m venv" not in line))


def beginning(table: dict[str, str], line: str, default: str = "") -> str:
    """What a table has for the longest of its keys that a line begins with."""
    keys = [key for key in table if line == key or line.startswith(f"{key} ")]
    return table[max(keys, key=len)] if keys else default


def runnable(line: str) -> list[str]:
    """A documented command as it is run here."""
    files = beginning(FILES, line)
    alone = re.sub(r" --runner ray| --workers \d+", "", line)  # the cluster's part is that of tests/runners/test_ray.py
    words = [REPLACED.get(word, word) for word in shlex.split(alone.partition("mycook ")[2])]
    if files and "--annotations" not in words and "--captions" not in words and "mini" not in words:
        words += ["--annotations", files]
    return words + shlex.split(beginning(ADDED, f"mycook {line.partition('mycook ')[2]}"))


def make_files(folder: Path) -> None:
    """The files that the documents name, in their true formats, with texts of ours."""
    shutil.copy(ROOT / "multiyoucook2" / "mini" / "annotations.json", folder / "youcookii_annotations_trainval.json")
    ids = [f"c{number}" for number in range(8)]
    texts = [f"{word} {place}" for place in range(2) for word in WORDS]
    rows = [
        {"id": clip, "sentence": text, "text": text, "split": "train" if number else "validation"}
        for number, (clip, text) in enumerate(zip(ids, texts, strict=True))
    ]
    write_csv(folder / "my.csv", rows)
    spanish = [f"corta el pan {number}" for number in range(8)]
    (folder / "my.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in spanish))
    answers = [{"source": text, "translation": f"cut it {text[-1]}", "lang": "en"} for text in spanish]
    write_csv(folder / "answers.csv", answers + [{**row, "lang": "ja", "translation": "パンを切る"} for row in answers])
    (folder / "on-the-hub").mkdir()
    write_csv(folder / "on-the-hub" / "train.csv", [{"text": row["text"]} for row in rows])
    pq.write_table(pa.table({"text": texts}), folder / "in.parquet")
    write_json(folder / "MSRVTT_data.json", msrvtt([0, 1, 6513, 9000]))
    (folder / "MSRVTT_JSFUSION_test.csv").write_text(
        "key,vid_key,video_id,sentence\nret0,msr9000,video9000,a cat sits on a chair 0\n"
    )
    write_json(folder / "vatex_training_v1.0.json", vatex(["Ptf_2VRj-V0_000122_000132", "abcdefghijk_000001_000011"]))
    write_pickle(folder / "raw-captions_marathi.pickle", {"three": [["चाक", "लावा"]], "one": ["कागद कापा"]})
    (folder / "train_list.txt").write_text("one\n")
    for split in ("train", "val"):
        record = {"id": f"{split}_0", "caption": "cut it", "caption_de": "schneide es", "s3d": np.ones((3, 4))}
        for name in (f"youcook_{split}_audio_multilingual.pkl", f"{split}.pkl"):
            write_pickle(folder / name, [record])
    references = ROOT / "pipelines" / "mini_nmt" / "references"
    shutil.copytree(references, folder / "pipelines" / "mini_nmt" / "references")
    shutil.copy(references / "de.tsv", folder / "refs.tsv")
    recipe = yaml.safe_load(FAST.read_text(encoding="utf-8"))
    (folder / "my-recipe.yaml").write_text(yaml.safe_dump(recipe))


def make_videos(folder: Path) -> None:
    """A video of the bundled corpus, a vision model, and what other programs made of the video."""
    make_video(folder / "videos" / "MINI0000001.mp4", frames=70, rate=1)
    make_clip_model(folder / "clip-model")
    (folder / "unavailable.txt").write_text("MINI0000002\n")
    for place, name in (("s3d_videos", "MINI0000001"), ("clip_frames", "MINI0000001_0")):
        (folder / place).mkdir()
        np.save(folder / place / f"{name}.npy", np.ones((70, 4)))
    vectors = {"clip_id": ["one_0"], "lang": ["en"], "vector": pa.array([[0.1, 0.2]], pa.list_(pa.float32()))}
    pq.write_table(pa.table(vectors), folder / "labse.parquet")


def call(line: str) -> str:
    """Run ``mycook WORDS``; what it prints."""
    done = CliRunner().invoke(app, runnable(line), catch_exceptions=False)
    assert done.exit_code == 0, f"{line}\n{done.output}"
    return done.output


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the README was followed to its end, as far as it goes without training long."""
    folder = tmp_path_factory.mktemp("documents")
    make_files(folder)
    make_videos(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MULTIYOUCOOK2_CACHE", str(folder / "cache"))
        for name in ("mini", "multi-youcook2"):
            call(f"mycook build --recipe {name}")
        call("mycook features simulate --dataset build/mini/dataset --out build/mini/features")
        trained = (
            "--dataset build/mini/dataset --features build/mini/features --batch-size 32 --set tiny.vocab_size=300"
        )
        call(f"mycook train {trained}")
        for name in ("c2kd-tiny", "zero-shot-tiny", "translate-train-tiny", "c2kd-youcook2"):
            shutil.copytree("runs/trained", Path("runs") / name)
        call("mycook index runs/c2kd-tiny --out index/mini")
    (folder / "queries.txt").write_text("add the onions\n")
    short = {"epochs": 1, "batch_size": 32, "tiny": {"vocab_size": 300}}
    sweep = {"dataset": "build/mini/dataset", "features": "build/mini/features", "out": "runs/sweep", "seeds": [0]}
    sweep["runs"] = [{"recipe": "zero-shot-tiny", "set": short}]
    (folder / "sweep.yaml").write_text(yaml.safe_dump(sweep))
    return folder


@pytest.mark.filterwarnings("ignore:unclosed file", "ignore::pytest.PytestUnraisableExceptionWarning")  # of datasets
@pytest.mark.parametrize("line", documented())
def test_a_documented_command_runs(line: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = beginning(dict.fromkeys(ELSEWHERE, "x"), line)
    if elsewhere:
        return
    monkeypatch.chdir(home)
    monkeypatch.setenv("MULTIYOUCOOK2_CACHE", str(home / "cache"))
    Path("out.parquet").unlink(missing_ok=True)
    if line.startswith("mycook train"):
        shutil.rmtree("runs/trained")  # a run is not replaced
    call(line)


@pytest.mark.parametrize("command", ELSEWHERE)
def test_what_is_run_elsewhere_is(command: str) -> None:
    file, said = ELSEWHERE[command]
    assert said in (ROOT / file).read_text(encoding="utf-8")
