"""Every command with a folder that holds a stranger's files: all of them are there afterwards, as they were."""

import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import FAST, MyCook
from features.extract.making import make_clip_model, make_video
from retrieval.search.conftest import add_segments
from retrieval.small_data import make_dataset, make_features
from test_cli import COMMANDS
from typer.testing import CliRunner

from multiyoucook2.cli.app import app
from multiyoucook2.errors import MyCookError

# Names that commands of ours use for files of their own, and some that none does
STRANGERS = {
    "thesis.txt": b"two years of work",
    ".lock": b"mine",
    ".git/HEAD": b"ref: refs/heads/main",
    "README.md": b"# Mine",
    "manifest.json": b'{"kind": "model", "mine": true}',
    "features.json": b"{}",
    "frames.bin": b"\0\1\2",
    "config.json": b"{}",
    "recipe.yaml": b"# my comments\nname: mine\n",
    "report.html": b"<p>mine",
    "report.json": b"{}",
    "study.json": b'{"mine": 1}',
    "index.json": b"{}",
    "metrics.jsonl": b'{"kind": "mine", "step": 1}\n',
    "checkpoint-000001.safetensors": b"not of a run",
    "model/weights.bin": b"mine",
    "evaluation/scores.json": b'{"mine": 1}',
    "teachers/notes.txt": b"mine",
    "dataset/README.md": b"# Mine",
    "objects/clips/clips-0123456789abcdef.parquet": b"mine",
    "memory/de-x/00000000-0.parquet": b"mine",
    ".partial-mine": b"half of a book",
}
NO_FOLDER = {"languages", "models", "doctor", "engines find"}  # they are given none


def lay(folder: Path) -> None:
    for name, content in STRANGERS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def found(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in STRANGERS if (folder / name).is_file()}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What commands are given: a data set, its features, a run, an index, arrays, a video. Never write into it."""
    from multiyoucook2.retrieval.search.build import build_index
    from multiyoucook2.retrieval.training.run import train

    folder = tmp_path_factory.mktemp("inputs")
    add_segments(make_dataset(folder / "data", clips=12, validation=8))
    for path in (folder / "data" / "de").iterdir():
        rows = pq.read_table(path)
        pq.write_table(rows.append_column("quality", pa.array(np.linspace(0, 1, len(rows)), pa.float32())), path)
    make_features(folder / "data", folder / "features")
    small = {"batch_size": 4, "epochs": 1, "hidden_dim": 16, "embedding_dim": 16, "tiny": {"vocab_size": 300, "dim": 8}}
    places = {"dataset": folder / "data", "features": folder / "features", "out": folder / "run"}
    train("zero-shot-tiny", **places, overrides=small, device="cpu")
    build_index(folder / "run", folder / "index", device="cpu")
    np.savez(folder / "in.npz", video000_0=np.ones((1, 4)))
    (folder / "videos").mkdir()
    np.save(folder / "videos" / "video000.npy", np.ones((90, 4)))
    make_video(folder / "films" / "video000.mp4", frames=3)
    make_clip_model(folder / "clip")
    row = {"id": "a", "caption": "mix", "caption_de": "misch", "s3d": np.ones((2, 3), np.float32)}
    for split in ("train", "val"):
        (folder / f"youcook_{split}_audio_multilingual.pkl").write_bytes(pickle.dumps([row | {"id": split}], 4))
    (folder / "pairs.tsv").write_text("source\ttranslation\nmix the eggs\tdie Eier mischen\n")
    return folder


def writers(tiny_model: Path, inputs: Path) -> dict[str, list[object]]:
    """A command -> its arguments but ``--out``."""
    build = ["--recipe", FAST, "--offline", "--limit", 4, "--engine", tiny_model, "--langs", "de"]
    data = ["--dataset", inputs / "data"]
    given = [*data, "--features", inputs / "features", "--offline"]
    return {
        "build": build,
        "fetch": build[:3],
        "translate": build,
        "validate": build,
        "train": [*given, "--recipe", "zero-shot-tiny", "--epochs", 1, "--batch-size", 4],
        "features simulate": data,
        "features import": [inputs / "in.npz", "--name", "clip"],
        "features cut": [inputs / "videos", "--name", "clip", *data],
        "features extract": ["--videos", inputs / "films", "--encoder", inputs / "clip", *data],
        "index": [inputs / "run"],
        "report": [inputs / "run"],
        "import released": sorted(inputs.glob("*.pkl")),
        "export": [inputs / "data"],
        "teachers": given,
        "study quality": given,
    }


def readers(home: Path, inputs: Path) -> dict[str, list[object]]:
    """A command that writes nothing, or into the folder that it reads -> its arguments, ``home`` being that folder.

    ``home`` holds a build ``build``, a run ``run`` and an index ``index``; or nothing of the kind.
    """
    build, run, index = (home / name if (home / name).is_dir() else home for name in ("build", "run", "index"))
    sweep = {"out": str(home), "runs": [{"recipe": "zero-shot-tiny", "set": {"epochs": 1, "batch_size": 4}}]}
    sweep |= {"dataset": str(inputs / "data"), "features": str(inputs / "features")}
    (home.parent / "sweep.yaml").write_text(json.dumps(sweep))
    return {
        "status": [build],
        "publish": [build, "--repo", "me/x"],
        "review": [build, "--export", build / "thesis.txt"],
        "score": [build],
        "repair": [build, "--offline", "--below", 0],
        "significance": [build, build, "--page", home.parent / "page.html"],
        "check": [inputs / "pairs.tsv", "--lang", "de", "--like", build],
        "vocabulary-map": ["--engine", home, "--langs", "de", "--offline"],
        "evaluate": [run, "--langs", "en"],
        "compare": [run, run],
        "table": [run],
        "sweep": [home.parent / "sweep.yaml"],
        "search": [index, "mix"],
        "moments": [index, "video002", "mix"],
        "serve": [home],
        "videos plan": [home],
    }


def test_every_command_is_here(tiny_model: Path, tmp_path: Path) -> None:
    reading = readers(tmp_path, tmp_path)
    assert {*writers(tiny_model, tmp_path), *reading, *NO_FOLDER} == set(COMMANDS)
    for name in {*reading, *NO_FOLDER}:
        assert "out" not in {parameter.name for parameter in COMMANDS[name].params} or name == "status", name


@pytest.mark.parametrize("name", sorted(writers(Path(), Path())))
def test_a_strangers_folder_is_left_as_it_is(
    name: str, mycook: MyCook, tiny_model: Path, inputs: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    lay(home)
    refused = mycook(*name.split(), *writers(tiny_model, inputs)[name], "--out", home, code=1)
    assert found(home) == STRANGERS
    assert f"{home}" in refused.stderr.partition("hint:")[0]  # it is the folder that is refused, and nothing else
    assert "mistake of ours" not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_readers_leave_a_strangers_files(
    mycook: MyCook, tiny_model: Path, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder of their own, and beside files of ours."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("MULTIYOUCOOK2_CACHE", str(tmp_path / "cache"))
    lay(theirs := tmp_path / "theirs")
    mixed = tmp_path / "mixed"
    mycook("build", *writers(tiny_model, inputs)["build"], "--out", mixed / "build")
    for name in ("run", "index"):
        shutil.copytree(inputs / name, mixed / name)
    own = [folder / name for folder in (mixed, *mixed.iterdir()) for name in ("thesis.txt", ".git/HEAD", "mine/x.txt")]
    for path in own:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"mine")
    for home in (theirs, mixed):
        for name, arguments in readers(home, inputs).items():
            done = CliRunner().invoke(app, [*name.split(), *map(str, arguments)])
            assert done.exception is None or isinstance(done.exception, MyCookError | SystemExit), name
            assert found(theirs) == STRANGERS, name
            assert [path.read_bytes() for path in own] == [b"mine"] * len(own), name


@pytest.mark.parametrize("name", ["export", "translate", "review", "significance"])
def test_a_file_that_is_there_is_not_replaced(
    name: str, mycook: MyCook, tiny_model: Path, inputs: Path, tmp_path: Path
) -> None:
    """Whatever a user names as the output; through a link neither."""
    (tmp_path / "in.jsonl").write_text('{"text": "mix"}\n')
    (tmp_path / "thesis.jsonl").write_text("mine")
    (tmp_path / "link.jsonl").symlink_to("thesis.jsonl")
    if name == "review":
        mycook("build", *writers(tiny_model, inputs)["build"], "--out", "b")
    for out in ("thesis.jsonl", "link.jsonl"):
        arguments = {
            "export": [inputs / "data", "--to", "jsonl", "--out", out],
            "translate": ["in.jsonl", out, "--langs", "de", "--engine", tiny_model],
            "review": ["b", "--export", out],
            "significance": ["b", "b", "--page", out],
        }[name]
        assert f"{out} is there already, and is not replaced" in mycook(name, *arguments, code=1).stderr
    assert (tmp_path / "thesis.jsonl").read_text() == "mine"
    assert (tmp_path / "link.jsonl").is_symlink()


@pytest.mark.parametrize("name", ["build", "train", "features simulate", "features import"])
def test_a_strangers_file_in_a_folder_of_ours_is_kept(
    name: str, mycook: MyCook, tiny_model: Path, inputs: Path, tmp_path: Path
) -> None:
    arguments = writers(tiny_model, inputs)[name]
    out = tmp_path / "out"
    mycook(*name.split(), *arguments, "--out", out)
    inner = {"build": ["dataset", "objects/clips", "memory"], "train": ["", "model", "evaluation"]}.get(name, [""])
    files = [out / folder / file for folder in inner for file in ("thesis.txt", ".git/HEAD")]
    if name == "train":
        files.append(out / "checkpoint-000099.safetensors")
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"mine")
    other = {"build": ["--limit", 5], "train": ["--resume"], "features simulate": ["--seed", 1]}.get(name, [])
    again = mycook(*name.split(), *arguments, *other, "--out", out, code=1)
    assert "is not replaced: .git/HEAD in it is not of a" in again.stderr
    if name == "train":
        assert "is not replaced" in mycook("evaluate", out, "--langs", "en", code=1).stderr
    assert [file.read_bytes() for file in files] == [b"mine"] * len(files)


def test_the_source_of_an_import_is_never_its_target(mycook: MyCook, inputs: Path, tmp_path: Path) -> None:
    shutil.copytree(inputs / "features", tmp_path / "s")
    shutil.copy(inputs / "in.npz", tmp_path / "s" / "in.npz")
    refused = mycook("features", "import", tmp_path / "s/in.npz", "--name", "x", "--out", tmp_path / "s", code=1)
    assert "in.npz in it is not of a feature store" in refused.stderr
    assert (tmp_path / "s/in.npz").read_bytes() == (inputs / "in.npz").read_bytes()


@pytest.mark.parametrize("name", ["../../x", "/tmp/x", ".hidden", "a/b", ""])
def test_a_recipes_name_leads_nowhere_else(name: str, mycook: MyCook, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(FAST.read_text().replace("name: mini", "") + f"\nname: '{name}'\n")
    refused = mycook("build", "--recipe", "r.yaml", "--offline", "--limit", 2, code=1)
    assert "r.yaml: name: " in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["r.yaml"]


def test_status_says_what_is_part_done_and_fails_on_damage(mycook: MyCook, tiny_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    mycook("build", *writers(tiny_model, tmp_path)["build"], "--out", out)
    assert "part done" not in mycook("status", out).stdout
    (out / "manifests/translate-de.json").unlink()
    assert "part done" in mycook("status", out).stdout
    (out / "manifests/clips.json").write_text("{")
    assert "manifests/clips.json is damaged" in mycook("status", out, code=1).stdout


@pytest.mark.parametrize("device", ["/dev/zero", "pipe"])
def test_a_pipe_or_device_in_a_files_place_is_refused_at_once(
    device: str, mycook: MyCook, inputs: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    data = ("--dataset", inputs / "data")
    for arguments in (
        ("build", "--annotations", device, "--engine", "mini", "--offline"),
        ("build", "--recipe", f"{device}.yaml"),
        ("videos", "plan", inputs / "data", "--gone", device),
        ("evaluate", device),
        ("features", "import", device, "--name", "x", "--out", "out"),
        ("train", *data, "--features", device, "--recipe", "zero-shot-tiny"),
    ):
        refused = mycook(*arguments, code=1).stderr
        assert refused.startswith("error: ")
        assert "mistake of ours" not in refused
