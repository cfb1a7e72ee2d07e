"""Archives: the one JSON in them is read; what is truncated, flipped, hostile or huge is refused."""

import gzip
import io
import random
import tarfile
from pathlib import Path

import pytest

from multiyoucook2.errors import SourceError
from multiyoucook2.sources.archive import read_annotations

CONTENT = b'{"database": {}}'


def archive(path: Path, *members: tuple[str, bytes] | tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as file:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                file.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                file.addfile(info, io.BytesIO(member[1]))
    return path


def link(name: str, target: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_the_one_json_is_read(tmp_path: Path) -> None:
    members = [("notes/readme.txt", b"hello"), ("notes/._a.json", b"macOS"), ("data/a.json", CONTENT)]
    assert read_annotations(archive(tmp_path / "a.tar.gz", *members)) == CONTENT


def test_a_plain_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(CONTENT)
    assert read_annotations(tmp_path / "a.json") == CONTENT


@pytest.mark.parametrize(
    "member",
    [
        ("../a.json", CONTENT),
        ("data/../../a.json", CONTENT),
        ("/etc/a.json", CONTENT),
        ("..\\a.json", CONTENT),
        link("a.json", "/etc/passwd", tarfile.SYMTYPE),
        link("a.json", "b.json", tarfile.LNKTYPE),
        link("a.json", "", tarfile.FIFOTYPE),
        link("a.json", "", tarfile.CHRTYPE),
    ],
)
def test_members_that_reach_outside_are_refused(member: tuple[str, bytes] | tarfile.TarInfo, tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar.gz", ("good.json", CONTENT), member)
    with pytest.raises(SourceError, match="refused"):
        read_annotations(path)
    assert [found.name for found in tmp_path.iterdir()] == ["a.tar.gz"]


@pytest.mark.parametrize("members", [[], [("a.txt", b"")], [("a.json", CONTENT), ("b.json", CONTENT)]])
def test_exactly_one_json(members: list[tuple[str, bytes]], tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="should hold one JSON file"):
        read_annotations(archive(tmp_path / "a.tar.gz", *members))


def test_bombs_are_refused(tmp_path: Path) -> None:
    bomb = archive(tmp_path / "bomb.tar.gz", ("a.json", bytes(3_000_000)))
    assert bomb.stat().st_size < 10_000
    with pytest.raises(SourceError, match="refused as a bomb"):
        read_annotations(bomb, max_bytes=1_000_000)
    many = archive(tmp_path / "many.tar.gz", *((f"{number}.txt", b"") for number in range(1001)))
    with pytest.raises(SourceError, match="more than 1000 members"):
        read_annotations(many)
    (tmp_path / "large.json").write_bytes(bytes(1_000_001))
    with pytest.raises(SourceError, match="more than 1 MB"):
        read_annotations(tmp_path / "large.json", max_bytes=1_000_000)


def test_what_is_no_archive_inside(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(b"no tar at all" * 100))
    with pytest.raises(SourceError, match=r"not a whole tar\.gz archive"):
        read_annotations(tmp_path / "a.tar.gz")


def test_every_truncation_and_flip_is_found(tmp_path: Path) -> None:
    rng = random.Random(3)
    noise = bytes(rng.choices(b"abcdefgh", k=3000))
    whole = archive(tmp_path / "a.tar.gz", ("a.json", noise)).read_bytes()
    broken = tmp_path / "broken.tar.gz"
    for end in range(2, len(whole) - 8, 37):
        broken.write_bytes(whole[:end])
        with pytest.raises(SourceError):
            read_annotations(broken)
    header = 10 + whole[10:].index(0) + 1  # the fixed part and the file name, which carry no content
    for place in rng.sample(range(header, len(whole)), 60):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << rng.randrange(8)
        broken.write_bytes(flipped)
        try:
            assert read_annotations(broken) == noise
        except SourceError:
            continue
