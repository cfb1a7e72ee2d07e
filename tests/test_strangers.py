"""Every command with a folder that holds a stranger's files: all of them are there afterwards, as they were."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import FAST, MyCook
from retrieval.small_data import make_dataset, make_features
from test_cli import COMMANDS

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
READERS = {
    "publish", "status", "vocabulary-map", "evaluate", "compare", "sweep", "table", "review", "search", "moments",
    "serve", "languages", "models", "doctor", "videos plan", "check", "engines find", "score",
}  # fmt: skip  # they write nothing, or into what they read


def lay(folder: Path) -> None:
    for name, content in STRANGERS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def found(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in STRANGERS if (folder / name).is_file()}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data set ``data``, its features ``features``, arrays ``in.npz``. Never write into it."""
    folder = tmp_path_factory.mktemp("inputs")
    make_dataset(folder / "data", clips=12, validation=8)
    make_features(folder / "data", folder / "features")
    np.savez(folder / "in.npz", video000_0=np.ones((1, 4)))
    (folder / "videos").mkdir()
    np.save(folder / "videos" / "video000.npy", np.ones((90, 4)))
    return folder


def writers(tiny_model: Path, inputs: Path) -> dict[str, list[object]]:
    """A command -> its arguments but ``--out``."""
    build = ["--recipe", FAST, "--offline", "--limit", 4, "--engine", tiny_model, "--langs", "de"]
    data = ["--dataset", inputs / "data"]
    train = [
        *data,
        "--features",
        inputs / "features",
        "--recipe",
        "zero-shot-tiny",
        "--epochs",
        1,
        "--batch-size",
        4,
        "--offline",
    ]
    return {
        "build": build,
        "fetch": build[:3],
        "translate": build,
        "validate": build,
        "train": train,
        "features simulate": data,
        "features import": [inputs / "in.npz", "--name", "clip"],
        "features cut": [inputs / "videos", "--name", "clip", *data],
        "features extract": ["--videos", inputs / "videos", *data],
        "index": [inputs / "run"],
        "report": [inputs / "run"],
        "import released": [inputs / "in.pkl"],
        "export": [inputs / "data"],
        "teachers": [*data, "--features", inputs / "features", "--offline"],
        "study quality": [*data, "--features", inputs / "features", "--offline"],
    }


def test_every_command_is_here(tiny_model: Path, tmp_path: Path) -> None:
    assert {*writers(tiny_model, tmp_path), *READERS} == set(COMMANDS)
    for name in READERS:
        assert "out" not in {parameter.name for parameter in COMMANDS[name].params} or name == "status", name


@pytest.mark.parametrize("name", sorted({*COMMANDS} - READERS))
def test_a_strangers_folder_is_left_as_it_is(
    name: str, mycook: MyCook, tiny_model: Path, inputs: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    lay(home)
    refused = mycook(*name.split(), *writers(tiny_model, inputs)[name], "--out", home, code=1)
    assert found(home) == STRANGERS
    assert "mistake of ours" not in refused.stderr
    assert "Traceback" not in refused.stderr


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
