"""The memory: whole shards or none, damage named and set aside, one writer."""

import logging
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from multiyoucook2.errors import WorkspaceError
from multiyoucook2.translation.memory import Attempt, SpaceKey, TranslationMemory

KEY = SpaceKey("de", "mini", "abc", "0123")
SALT = Attempt("add salt", 0, "Salz zugeben", -0.25)
OIL = Attempt("heat oil", 0, "Öl Öl Öl Öl", -1.5, ("loop", "truncated"))
ONE, TWO = ("one", SALT), ("two", OIL)  # batches


def fill(folder: Path, *batches: tuple[str, Attempt]) -> list[Path]:
    with TranslationMemory(folder).space(KEY) as space:
        for key, attempt in batches:
            space.append(key, [attempt])
        return space.shards()


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    fill(tmp_path, ONE, TWO)
    with TranslationMemory(tmp_path).space(KEY) as space:
        assert (space.get("one", 0), space.get("two", 0)) == ([SALT], [OIL])
        assert space.get("one", 1) is None
        assert len(space) == 2


@pytest.mark.parametrize("field", ["lang", "model", "revision", "decode_hash"])
def test_each_part_of_the_key_separates(tmp_path: Path, field: str) -> None:
    fill(tmp_path, ONE)
    with TranslationMemory(tmp_path).space(SpaceKey(**{**KEY.__dict__, field: "other"})) as space:
        assert space.get("one", 0) is None


def test_newest_shard_wins_and_compaction_keeps_it(tmp_path: Path) -> None:
    newer = Attempt("add salt", 0, "Mit Salz würzen", -0.5)
    fill(tmp_path, ONE, TWO, ("one", newer))
    with TranslationMemory(tmp_path).space(KEY) as space:
        assert space.get("one", 0) == [newer]
        space.compact()
        assert len(space.shards()) == 1
    with TranslationMemory(tmp_path).space(KEY) as space:
        assert (space.get("one", 0), space.get("two", 0)) == ([newer], [OIL])


def test_killed_between_merging_and_deleting(tmp_path: Path) -> None:
    old = {shard.name: shard.read_bytes() for shard in fill(tmp_path, ONE, TWO)}
    with TranslationMemory(tmp_path).space(KEY) as space:
        space.compact()
        for name, content in old.items():
            (space.folder / name).write_bytes(content)
    with TranslationMemory(tmp_path).space(KEY) as space:
        assert (space.get("one", 0), space.get("two", 0)) == ([SALT], [OIL])
        space.compact()
        assert len(space.shards()) == 1


@pytest.mark.parametrize("damage", ["truncated", "flipped", "emptied"])
def test_damaged_shard_is_named_and_set_aside(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    bad = fill(tmp_path, ONE, TWO)[0]
    content = bytearray(bad.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    bad.write_bytes({"truncated": content[:-7], "flipped": content, "emptied": b""}[damage])
    with caplog.at_level(logging.WARNING), TranslationMemory(tmp_path).space(KEY) as space:
        assert space.get("one", 0) is None
        assert space.get("two", 0) == [OIL]
        assert bad not in space.shards()
    assert bad.name in caplog.text
    assert (bad.parent / "damaged" / bad.name).is_file()


def test_half_written_shard_of_a_killed_process_is_swept(tmp_path: Path) -> None:
    shard = fill(tmp_path, ONE)[0]
    left_over = shard.parent / ".tmp-00000001-x.parquet"
    left_over.write_bytes(b"half")
    fill(tmp_path)
    assert not left_over.exists()


def test_two_processes_do_not_share_a_space(tmp_path: Path) -> None:
    hold = (
        "import sys; from multiyoucook2.translation.memory import *\n"
        f"with TranslationMemory({str(tmp_path)!r}).space({KEY!r}): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(WorkspaceError, match=f"by process {holder.pid} on"),
            TranslationMemory(tmp_path).space(KEY),
        ):
            pass
        holder.kill()
    fill(tmp_path, ONE)  # a killed holder holds nothing


def test_full_disk_leaves_what_was_finished(tmp_path: Path) -> None:
    """A limit on file sizes stands for the full disk: the write fails half-way, in the kernel."""
    write = (
        "import resource; from multiyoucook2.errors import *; from multiyoucook2.translation.memory import *\n"
        f"with TranslationMemory({str(tmp_path)!r}).space({KEY!r}) as space:\n"
        "    space.append('one', [Attempt('add salt', 0, 'Salz zugeben', -0.25)])\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))\n"
        "    try: space.append('two', [Attempt('heat oil', 0, 'x' * 99, -1.0)])\n"
        "    except WorkspaceError as error: print('cannot' in str(error))\n"
    )
    done = subprocess.run([sys.executable, "-c", write], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    with TranslationMemory(tmp_path).space(KEY) as space:
        assert space.get("one", 0) == [SALT]
        assert len(space) == 1
        assert [name for name in os.listdir(space.folder) if name.startswith(".tmp")] == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
