"""Whole folders: what is not ours, or was changed, is never deleted; a killed process leaves the old or the new one."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from multiyoucook2.errors import WorkspaceError
from multiyoucook2.files import (
    MANIFEST,
    FileRow,
    damaged_files,
    fresh_folder,
    lock,
    read_manifest,
    replace_folder,
    update_file,
)

FILES = {"a.txt": b"one", "sub/b.bin": b"two"}


def content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_folder_of_ours_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "x"
    replace_folder(target, FILES, "thing")
    assert damaged_files(target) == []
    replace_folder(target, {"c": b"three"}, "thing")
    assert sorted(content(target)) == ["c", MANIFEST]
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


@pytest.mark.parametrize("name", ["thesis.txt", ".git/HEAD", "sub/new.txt", ".hidden"])
def test_a_file_that_no_manifest_lists_is_kept_and_named(tmp_path: Path, name: str) -> None:
    target = tmp_path / "x"
    replace_folder(target, FILES, "thing")
    (target / name).parent.mkdir(exist_ok=True)
    (target / name).write_text("precious")
    before = content(target)
    with pytest.raises(WorkspaceError, match=name.replace(".", r"\.")):
        replace_folder(target, {"c": b"three"}, "thing")
    assert content(target) == before


def test_a_changed_file_is_kept_and_a_lacking_one_is_made_again(tmp_path: Path) -> None:
    target = tmp_path / "x"
    replace_folder(target, FILES, "thing")
    (target / "a.txt").write_bytes(b"eno")
    with pytest.raises(WorkspaceError, match=r"a\.txt has another hash"):
        replace_folder(target, FILES, "thing")
    (target / "a.txt").unlink()
    replace_folder(target, FILES, "thing")
    assert damaged_files(target) == []


def test_folders_without_a_manifest_or_of_another_kind_are_refused(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/diary.txt").write_text("dear diary")
    with pytest.raises(WorkspaceError, match=r"diary\.txt in it is not of a thing"):
        replace_folder(tmp_path / "home", FILES, "thing")
    replace_folder(tmp_path / "x", FILES, "model")
    with pytest.raises(WorkspaceError, match="holds a model, not a thing"):
        replace_folder(tmp_path / "x", FILES, "thing")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(WorkspaceError, match="is not a folder"):
        replace_folder(tmp_path / "file", FILES, "thing")
    assert (tmp_path / "file").read_text() == "mine"


def test_known_files_stand_for_the_manifest_of_an_old_folder(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/a.txt").write_bytes(b"one")
    digest = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
    with pytest.raises(WorkspaceError, match="hash"):
        replace_folder(tmp_path / "x", FILES, "thing", known={"a.txt": FileRow(bytes=3, sha256="0" * 64)})
    replace_folder(tmp_path / "x", FILES, "thing", known={"a.txt": FileRow(bytes=3, sha256=digest)})
    assert content(tmp_path / "x").keys() == {*FILES, MANIFEST}


def test_a_file_that_appears_while_we_work_is_kept(tmp_path: Path) -> None:
    replace_folder(tmp_path / "x", FILES, "thing")

    def write() -> None:
        with fresh_folder(tmp_path / "x", "thing") as fresh:
            (fresh / "c").write_bytes(b"three")
            (tmp_path / "x/late.txt").write_text("precious")

    with pytest.raises(WorkspaceError, match=r"late\.txt"):
        write()
    assert content(tmp_path / "x").keys() == {*FILES, MANIFEST, "late.txt"}
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "x").symlink_to(tmp_path / "disk")
    for files in (FILES, {"c": b"three"}):
        replace_folder(tmp_path / "x", files, "thing")
    assert (tmp_path / "x").is_symlink()
    assert content(tmp_path / "disk").keys() == {"c", MANIFEST}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk", "x"]


def test_a_file_changed_through_us_is_still_ours(tmp_path: Path) -> None:
    replace_folder(tmp_path / "x", FILES, "thing")
    update_file(tmp_path / "x", "a.txt", b"other")
    assert damaged_files(tmp_path / "x") == []
    replace_folder(tmp_path / "x", FILES, "thing")


WRITER = """
import os, signal, sys
from pathlib import Path
from multiyoucook2.files import fresh_folder, folders
target, kill = Path(sys.argv[1]), sys.argv[2]
if kill == "between":  # the two renames of the swap
    folders.entries = lambda folder: os.kill(os.getpid(), signal.SIGKILL) if folder.name == "old" else []
with fresh_folder(target, "thing") as fresh:
    (fresh / "c").write_bytes(b"three")
    if kill == "within":
        os.kill(os.getpid(), signal.SIGKILL)
    print("ready", flush=True)
    input()
"""


@pytest.mark.parametrize("kill", ["within", "between"])
def test_what_a_killed_process_left_goes_with_the_next(tmp_path: Path, kill: str) -> None:
    replace_folder(tmp_path / "x", FILES, "thing")
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(tmp_path / "x"), kill], input="\n", capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (tmp_path / "x").exists() == (kill == "within")
    with fresh_folder(tmp_path / "x", "thing") as fresh:
        assert content(tmp_path / "x").keys() == {*FILES, MANIFEST}  # it is back
        (fresh / "d").write_bytes(b"four")
    assert content(tmp_path / "x").keys() == {"d", MANIFEST}
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_two_processes_do_not_write_one_folder(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "x"), "no"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        with pytest.raises(WorkspaceError, match=f"in use by process {other.pid} on {os.uname().nodename}"):
            replace_folder(tmp_path / "x", FILES, "thing")
        other.communicate("\n")
    assert content(tmp_path / "x").keys() == {"c", MANIFEST}


def test_a_lock_leaves_a_strangers_file_alone(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("not of a lock")
    with lock(tmp_path, "build"):
        pass
    assert (tmp_path / ".lock").read_text() == "not of a lock"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a//b", "x" * 300, ""])
@pytest.mark.parametrize("earlier", [False, True])
def test_a_manifest_names_files_of_its_own_folder(name: str, earlier: bool, tmp_path: Path) -> None:
    rows = {name: {"bytes": 1, "sha256": "0" * 64}}
    (tmp_path / "manifest.json").write_text(json.dumps(rows if earlier else {"kind": "model", "files": rows}))
    assert read_manifest(tmp_path) is None
