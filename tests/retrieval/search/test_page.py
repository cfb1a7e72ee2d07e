"""The page as a client sees it: what it answers, what it refuses, who may ask; several at once; a real process."""

import html
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from conftest import MyCook

from multiyoucook2.retrieval.search import open_index
from multiyoucook2.retrieval.search.app.curve import draw
from multiyoucook2.retrieval.search.app.pages import clock
from multiyoucook2.retrieval.search.moments import Moment, find_moments

from .serving import served


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    videos = tmp_path_factory.mktemp("videos")
    (videos / "video003.mp4").write_bytes(bytes(range(256)) * 16)
    (videos / "video004.mp4").write_bytes(b"gone soon")
    (videos / "secret.mp4").write_bytes(b"not of the index")
    return videos


@pytest.fixture(scope="module")
def page(made: Path, media: Path) -> Iterator[httpx.Client]:
    with served(open_index(made / "index", device="cpu"), media) as address, httpx.Client(base_url=address) as client:
        yield client


def test_first_page(page: httpx.Client) -> None:
    answer = page.get("/")
    assert answer.status_code == 200
    assert "127 clips of small, 3 languages" in answer.text
    assert 'class="examples"' in answer.text
    assert '<input type="search" name="q" value="" dir="auto"' in answer.text


def test_hits_are_those_of_the_index(page: httpx.Client, made: Path) -> None:
    answer = page.get("/", params={"q": "zwiebel in der pfanne", "k": 5, "lang": "de", "split": "train"})
    expected = open_index(made / "index", device="cpu").search("zwiebel in der pfanne", 5, split="train")
    assert re.findall(r"<span>(video\d+_\d)</span>", answer.text) == [hit.clip_id for hit in expected]
    assert re.findall(r'class="number">([\d.-]+)<', answer.text) == [f"{hit.score:.3f}" for hit in expected]
    for hit in expected:
        shown = "de" if "de" in hit.captions else "en"  # one German caption was rejected
        assert f'lang="{shown}" dir="auto">{hit.captions[shown]}<' in answer.text
        assert html.escape(hit.link) in answer.text


HOSTILE = (
    "<script>alert(1)</script>", '" onfocus="alert(1)', "{{ 7*7 }}", "\x00'; --", "تقلى البصل", "炒洋葱 😀",
)  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE)
def test_queries_come_back_as_text(page: httpx.Client, query: str) -> None:
    answer = page.get("/", params={"q": query})
    assert answer.status_code == 200
    assert f'value="{html.escape(query).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")}"' in answer.text
    assert "<script>alert" not in answer.text
    assert "49" not in re.findall(r"<q[^>]*>(.*?)</q>", answer.text)[0]


def test_moments(page: httpx.Client) -> None:
    answer = page.get("/video/video005", params={"q": "fry the onion"})
    assert answer.text.count('<rect class="moment"') == 3  # a bar a clip, one of them the best
    assert answer.text.count('<rect class="best"') == 1
    windows = page.get("/video/video005", params={"q": "fry the onion", "window": "2"})
    assert windows.text.count('<rect class="moment"') > 3
    assert "Its clips" in page.get("/video/video005").text


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/?q=%20%20", 200, "Find clips by what happens in them"),
        ("/?q=" + "a" * 1001, 400, "the query has 1,001 characters"),
        ("/?q=rice&split=test", 400, "no clip has split &#39;test&#39;"),
        ("/?q=fry%E9", 200, "10 clips for"),
        ("/?q=rice&k=many", 400, "are no number"),
        ("/?q=rice&k=999999999", 200, "100 clips for"),
        ("/?q=rice&lang=%3Cb%3E", 200, "10 clips for"),
        ("/video/nowhere?q=rice", 400, "no clip has video_id &#39;nowhere&#39;"),
        ("/video/..%2F..%2Fetc%2Fpasswd?q=rice", 400, "no clip has video_id"),
        ("/video/video005?q=rice&window=-3", 400, "cannot take windows of -3 s"),
        ("/video/video005?q=rice&window=nan", 400, "cannot take windows"),
        ("/elsewhere", 404, "There is no such page."),
        ("/media/secret", 404, "There is no file of this video."),
        ("/media/..%2F..%2Fetc%2Fpasswd", 404, "There is no file of this video."),
        ("/static/..%2Fserver.py", 404, "There is no such page."),
    ],
)
def test_faults_are_pages(page: httpx.Client, path: str, status: int, said: str) -> None:
    answer = page.get(path)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert "Traceback" not in answer.text


def test_who_may_ask_and_what_a_browser_may_load(page: httpx.Client) -> None:
    assert page.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert page.get("/", headers={"Host": "localhost:8000"}).status_code == 200
    for method in ("POST", "PUT", "DELETE"):
        assert page.request(method, "/").status_code == 405
    for path in ("/", "/elsewhere", "/static/page.js", "/media/video003"):
        policy = page.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    text = page.get("/?q=rice").text
    loaded = re.findall(r'(?:src|href)="(https?://[^"]+)"', text)
    assert all(address.startswith("https://www.youtube.com/watch?v=") for address in loaded)  # links, nothing loaded
    assert " style=" not in text
    assert " onclick=" not in text


def test_files_are_played_in_parts(page: httpx.Client, made: Path) -> None:
    assert "/media/video003#t=" in page.get("/?q=rice&k=100").text
    best = max(find_moments(open_index(made / "index", device="cpu"), "video003", "rice"), key=lambda row: row.score)
    player = re.findall(r'src="/media/video003#t=([\d.]+),([\d.]+)"', page.get("/video/video003?q=rice").text)
    assert [(float(start), float(end)) for start, end in player] == [(best.start_s, best.end_s)]
    answer = page.get("/media/video003", headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, bytes(range(10, 20)))
    assert answer.headers["content-type"] == "video/mp4"


def test_a_file_that_was_taken_away(page: httpx.Client, media: Path) -> None:
    (media / "video004.mp4").unlink()
    answer = page.get("/media/video004")
    assert (answer.status_code, "There is no file of this video." in answer.text) == (404, True)


def test_several_at_once(page: httpx.Client) -> None:
    """Sixty questions from eight people: each gets the answer that it gets alone."""
    queries = [f"{verb} the {noun}" for verb in ("fry", "cut", "peel", "bake") for noun in ("rice", "egg", "fish")] * 5

    def ask(query: str) -> list[str]:
        with httpx.Client(base_url=page.base_url, timeout=60) as client:
            return re.findall(r"<span>(video\d+_\d)</span>", client.get("/", params={"q": query}).text)

    alone = {query: ask(query) for query in set(queries)}
    with ThreadPoolExecutor(8) as people:
        assert list(people.map(ask, queries)) == [alone[query] for query in queries]
    assert len({tuple(found) for found in alone.values()}) > 3


def test_clock_and_curve() -> None:
    assert [clock(second) for second in (0, 7.9, 75, 3723)] == ["0:00", "0:07", "1:15", "1:02:03"]
    moments = [Moment(0, 4, 0.1, "a"), Moment(2, 6, 0.5, "a"), Moment(50, 100, 0.3, "b")]
    curve = draw(moments, lambda moment: "")
    assert [bar["x"] for bar in curve.bars] == [10, 29.6, 500]
    assert [bar["width"] for bar in curve.bars] == [18.6, 38.2, 489]  # a window's bar ends where the next begins
    assert [bar["best"] for bar in curve.bars] == [False, True, False]
    assert [second for _, second in curve.marks] == [0, 15, 30, 45, 60, 75, 90]
    flat = draw([Moment(0, 1, 0.2, "a")], lambda moment: "")
    assert flat.bars[0]["height"] > 100


def test_a_process(mycook: MyCook, environment: dict[str, str], made: Path) -> None:
    """The command serves, says where, ends on Ctrl-C with status 0; a port that is taken is one line."""
    command = [sys.executable, "-m", "multiyoucook2", "serve", str(made / "index"), "--port", "0", "--device", "cpu"]
    with subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        address = process.stdout.readline().split()[0]
        assert "127 clips" in httpx.get(address, timeout=60).text
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, process.stderr.read()
        assert process.stderr.read() == ""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = mycook("serve", made / "index", "--port", port, "--device", "cpu", code=1).stderr
    assert said.startswith(f"error: port {port} is taken")
    assert "--port 0" in said
