"""Downloads against a loopback server that breaks connections, forgets ranges and changes its mind."""

import gzip
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from multiyoucook2.errors import FetchError
from multiyoucook2.sources.base import SOURCES, SourceFile
from multiyoucook2.sources.download import fetch

EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
CONTENT = bytes(range(256)) * 4000  # 1 MB


class Server(ThreadingHTTPServer):
    """Answers each request by the next entry of ``plan``: a status, or how many bytes to send before hanging up."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.etag, self.ranges = CONTENT, '"one"', True
        self.plan: list[int | str] = []
        self.asked: list[str | None] = []

    def source(self, **changes: object) -> SourceFile:
        values = {
            "filename": "data.bin", "urls": (f"http://127.0.0.1:{self.server_port}/data.bin",),
            "sha256": None, "max_bytes": 10_000_000,
        } | changes  # fmt: skip
        return SourceFile(**values)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        step = self.server.plan.pop(0) if self.server.plan else "all"
        if isinstance(step, str) and step.isdigit():
            self.send_error(int(step))
            return
        if step == "redirect":
            self.send_response(302)
            self.send_header("Location", self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        same = self.headers.get("If-Range") == self.server.etag
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and same and self.server.ranges else 0
        body = self.server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", self.server.etag)
        self.end_headers()
        self.wfile.write(body if step == "all" else body[: int(step)])


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_a_download_is_told_checked_and_recorded(server: Server, tmp_path: Path) -> None:
    notes: list[str] = []
    seen: list[tuple[int, int]] = []
    path = fetch(server.source(), cache_dir=tmp_path, note=notes.append, progress=lambda *step: seen.append(step))
    assert path.read_bytes() == CONTENT
    assert notes == ["downloading data.bin, 1.0 MB"]
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert sorted(found.name for found in path.parent.iterdir()) == ["data.bin", "data.bin.lock", "data.bin.sha256"]
    assert path.with_name("data.bin.sha256").read_text().strip() == hashlib.sha256(CONTENT).hexdigest()
    assert fetch(server.source(), cache_dir=tmp_path, offline=True) == path
    assert len(server.asked) == 1


def test_a_broken_connection_is_resumed_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.plan = [300_000, 100_000, "all"]
    notes: list[str] = []
    assert fetch(server.source(), cache_dir=tmp_path, note=notes.append, backoff_s=0.01).read_bytes() == CONTENT
    first, *later = server.asked
    assert first is None
    assert all(wanted is not None and int(wanted[6:-1]) > 0 for wanted in later)
    assert [note for note in notes if "trying again in 0.01 s" in note]
    assert [note for note in notes if "trying again in 0.02 s" in note]


def test_a_changed_file_or_a_server_without_ranges_starts_over(server: Server, tmp_path: Path) -> None:
    server.plan = [300_000]
    server.content = b"x" * 1_000_000

    def change(message: str) -> None:
        if "trying again" in message:
            server.content, server.etag = CONTENT, '"two"'

    assert fetch(server.source(), cache_dir=tmp_path / "a", note=change, backoff_s=0.01).read_bytes() == CONTENT
    server.plan, server.ranges = [300_000], False
    assert fetch(server.source(), cache_dir=tmp_path / "b", backoff_s=0.01).read_bytes() == CONTENT


@pytest.mark.parametrize(("status", "requests"), [("404", 1), ("503", 5), ("429", 5)])
def test_what_cannot_be_had_ends_in_words(status: str, requests: int, server: Server, tmp_path: Path) -> None:
    server.plan = [status] * 9
    with pytest.raises(FetchError, match=f"could not be downloaded: .* answered {status}") as caught:
        fetch(server.source(), cache_dir=tmp_path, backoff_s=0.001)
    assert "--annotations" in caught.value.hint
    assert len(server.asked) == requests
    assert not (tmp_path / "sources" / "data.bin").exists()


def test_a_mirror_stands_in(server: Server, tmp_path: Path) -> None:
    server.plan = ["404"]
    good = f"http://127.0.0.1:{server.server_port}/mirror"
    source = server.source(urls=(f"http://127.0.0.1:{server.server_port}/gone", good))
    assert fetch(source, cache_dir=tmp_path).read_bytes() == CONTENT


def test_nobody_answers(tmp_path: Path, server: Server) -> None:
    source = server.source(urls=("http://127.0.0.1:9/x",))  # the discard port: nothing listens
    with pytest.raises(FetchError, match="could not be downloaded"):
        fetch(source, cache_dir=tmp_path, backoff_s=0.001)


def test_a_damaged_cache_is_named_and_fetched_again(server: Server, tmp_path: Path) -> None:
    path = fetch(server.source(), cache_dir=tmp_path)
    data = bytearray(path.read_bytes())
    data[777] ^= 1
    path.write_bytes(data)
    with pytest.raises(FetchError, match="is damaged or was changed") as caught:
        fetch(server.source(), cache_dir=tmp_path, offline=True)
    assert str(path) in caught.value.hint
    notes: list[str] = []
    assert fetch(server.source(), cache_dir=tmp_path, note=notes.append).read_bytes() == CONTENT
    assert notes == [
        f"{path} is damaged or was changed: its sha256 is {hashlib.sha256(data).hexdigest()}, not "
        f"{hashlib.sha256(CONTENT).hexdigest()}; downloading it again",
        "downloading data.bin, 1.0 MB",
    ]


def test_an_official_file_that_changed_is_not_taken_silently(server: Server, tmp_path: Path) -> None:
    path = fetch(server.source(), cache_dir=tmp_path)
    path.write_bytes(b"x")
    server.content = b"y" * len(CONTENT)
    for _ in range(2):
        with pytest.raises(FetchError, match="is damaged or was changed") as caught:
            fetch(server.source(), cache_dir=tmp_path)
        assert f"remove {path}.sha256" in caught.value.hint
        assert not path.exists()
    path.with_name("data.bin.sha256").unlink()
    assert fetch(server.source(), cache_dir=tmp_path).read_bytes() == server.content


def test_a_wrong_checksum_and_an_endless_file_are_refused(server: Server, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="its sha256 is"):
        fetch(server.source(sha256="0" * 64), cache_dir=tmp_path / "a")
    with pytest.raises(FetchError, match=r"larger than 0\.5 MB"):
        fetch(server.source(max_bytes=500_000), cache_dir=tmp_path / "b")


@pytest.mark.parametrize(
    ("filename", "wrong", "what"),
    [
        ("data.bin", b"", "empty"),
        ("data.bin", b"<!DOCTYPE html><html>log in</html>", "a web page"),
        ("data.tar.gz", b"no archive", "no whole gzip archive"),
        ("data.tar.gz", gzip.compress(b"x" * 5000)[:-9], "no whole gzip archive"),
        ("data.json", b"not found", "no JSON"),
        ("data.zip", b"PK", "no zip archive"),
    ],
)
def test_what_is_not_the_file_is_not_kept(
    server: Server, tmp_path: Path, filename: str, wrong: bytes, what: str
) -> None:
    """And a good server afterwards helps, a mirror too."""
    server.content = wrong
    with pytest.raises(FetchError, match=f"gives {what}"):
        fetch(server.source(filename=filename), cache_dir=tmp_path, backoff_s=0.001)
    assert [path.name for path in (tmp_path / "sources").iterdir() if not path.name.endswith(".lock")] == []
    # an earlier version kept it, with its hash
    (tmp_path / "sources" / filename).write_bytes(wrong)
    (tmp_path / "sources" / f"{filename}.sha256").write_text(hashlib.sha256(wrong).hexdigest())
    with pytest.raises(FetchError, match=f"is {what}, not the file"):
        fetch(server.source(filename=filename), cache_dir=tmp_path, offline=True)
    server.content = {"gz": gzip.compress(b"x"), "json": b"{}", "zip": EMPTY_ZIP}.get(filename.split(".")[-1], b"x")
    assert fetch(server.source(filename=filename), cache_dir=tmp_path).read_bytes() == server.content


def test_redirects_without_end_are_one_line(server: Server, tmp_path: Path) -> None:
    server.plan = ["redirect"] * 99
    with pytest.raises(FetchError, match="redirects without end"):
        fetch(server.source(), cache_dir=tmp_path, backoff_s=0.001)


def test_offline_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="--offline forbids") as caught:
        fetch(SOURCES.find("youcook2").files[0], cache_dir=tmp_path, offline=True)
    assert "mycook fetch" in caught.value.hint
    assert "--annotations" in caught.value.hint
    assert not list(tmp_path.iterdir())


def test_unverified_checksums_are_not_written_down() -> None:
    for source in SOURCES:
        assert source.credit.license
        for file in source.files:
            assert file.sha256 is None or len(file.sha256) == 64
            assert all(url.startswith("http") for url in file.urls)
