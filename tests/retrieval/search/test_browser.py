"""The page in Chromium: keyboard, directions of scripts, phone and desktop, the player, the console without errors.

Needs a Chromium (``apt-get install chromium``, or its path in ``$CHROMIUM``) and playwright.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from features.extract.making import make_video

from multiyoucook2.retrieval.search import open_index
from tests.browser import ready

from .conftest import DESKTOP
from .serving import served

PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def address(made: Path) -> Iterator[str]:
    with served(open_index(made / "index", device="cpu")) as where:
        yield where


def overflows(tab: Any) -> bool:
    return bool(tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_by_keyboard_alone(tab: Any, address: str) -> None:
    """The field has the focus; Enter asks; "/" comes back to it; Tab reaches the links, each visibly."""
    focus = "() => document.activeElement.name === 'q'"
    tab.goto(address)
    tab.wait_for_function(focus)
    ready(tab).keyboard.type("fry the onion in the pan")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("ol.hits")
    assert ready(tab).locator("li.hit").count() == 10
    ready(tab).keyboard.press("/")
    assert tab.evaluate(focus)
    assert tab.locator("input[name=q]").input_value() == "fry the onion in the pan"
    reached = []
    for _ in range(8):
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate("document.activeElement.textContent.trim()"))
        outline = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
    assert "Moments in this video" in reached
    tab.locator("a:has-text('Moments in this video')").first.press("Enter")
    tab.wait_for_selector("figure.curve svg")
    assert ready(tab).locator("figure.curve rect").count() == 4


SCRIPTS = {
    "اقلي البصل في المقلاة": "rtl", "炒洋葱": "ltr", "フライパンで玉ねぎを炒める": "ltr", "ajouter les oignons": "ltr",
}  # fmt: skip


@pytest.mark.parametrize(("query", "direction"), SCRIPTS.items())
def test_directions_of_scripts(tab: Any, address: str, query: str, direction: str) -> None:
    tab.goto(address)
    tab.locator("input[name=q]").fill(query)
    ready(tab).keyboard.press("Enter")
    tab.wait_for_selector("ol.hits")
    assert ready(tab).locator("input[name=q]").input_value() == query
    for place in ("input[name=q]", "h1 q"):
        assert tab.locator(place).evaluate("element => getComputedStyle(element).direction") == direction


@pytest.mark.parametrize("size", [PHONE, {"width": 768, "height": 1024}, DESKTOP], ids=["phone", "tablet", "desktop"])
def test_sizes(tab: Any, address: str, size: dict[str, int]) -> None:
    """Nothing is cut off or scrolls sideways, with the longest word that fits a field."""
    tab.set_viewport_size(size)
    for path in ("/", "/?q=" + "Donaudampfschifffahrt" * 20, "/video/video005?q=onion&window=2", "/?q=rice&lang=ja"):
        tab.goto(address + path)
        assert not overflows(tab), path
        box = tab.locator("input[name=q]").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]


def test_states_without_hits(tab: Any, address: str) -> None:
    tab.goto(address)
    examples = tab.locator("ul.examples a")
    assert examples.count() == 3
    examples.nth(1).click()
    tab.wait_for_selector("ol.hits")
    assert ready(tab).locator("li.hit").count() == 10


def test_bars_are_scores(tab: Any, address: str) -> None:
    """The drawn width of a bar is the score's share of the track."""
    tab.goto(f"{address}/?q=fry+the+onion+in+the+pan")
    for place in (0, 9):
        row = tab.locator("li.hit").nth(place)
        score = float(row.locator(".number").inner_text())
        track, bar = (row.locator("svg.bar rect").nth(number).bounding_box()["width"] for number in (0, 1))
        assert bar / track == pytest.approx(max(score, 0), abs=0.02)


def test_the_player_comes_when_asked_for(made: Path, browser: Any) -> None:
    """Nothing of YouTube's is loaded before the button is pressed; then the frame has the clip's seconds."""
    index = open_index(made / "index", device="cpu")
    ids = index.clips["video_id"].to_pylist()
    real = pa.array([f"abc-EFG_{video[-3:]}" for video in ids])  # as long as YouTube's
    index.clips = index.clips.set_column(index.clips.schema.get_field_index("video_id"), "video_id", real)
    context = browser.new_context()
    tab = context.new_page()
    asked: list[str] = []
    tab.route(re.compile("^https:"), lambda route: (asked.append(route.request.url), route.abort()))
    with served(index) as where:
        tab.goto(f"{where}/?q=rice")
        button = tab.locator("button.play").first
        assert not asked
        start, end, video = (button.get_attribute(f"data-{name}") for name in ("start", "end", "youtube"))
        with tab.expect_request(re.compile("^https:")) as first:
            button.press("Enter")
        assert first.value.url == f"https://www.youtube-nocookie.com/embed/{video}?autoplay=1&start={start}&end={end}"
    context.close()


def test_own_files(made: Path, browser: Any, tmp_path: Path) -> None:
    """A hit shows its picture when it is in view, at its second; a bar of the curve plays its moment in the player."""
    make_video(tmp_path / "video003.mp4", frames=80, rate=2)
    loaded = "video => video.readyState >= 1 && video.currentTime"
    context = browser.new_context(viewport=DESKTOP)
    tab = context.new_page()
    with served(open_index(made / "index", device="cpu"), tmp_path) as where:
        tab.goto(f"{where}/?q=rice&k=100")
        row = tab.locator("li.hit", has=tab.locator("video[src*='#t=20.0,']"))
        assert row.count() == 1
        video = row.locator("video")
        assert video.get_attribute("preload") in ("none", "metadata")
        video.scroll_into_view_if_needed()
        tab.wait_for_function(loaded, arg=video.element_handle())
        assert video.evaluate("video => video.currentTime") == pytest.approx(20, abs=0.6)
        assert not overflows(tab)
        tab.goto(f"{where}/video/video003?q=rice")
        tab.locator("figure.curve a[data-start='30.0']").click()
        player = tab.locator("video")
        assert player.get_attribute("src") == "/media/video003#t=30,38"
        tab.wait_for_function(loaded, arg=player.element_handle())
        assert 29 < player.evaluate("video => video.currentTime") < 38.1
        assert len(context.pages) == 1
    context.close()
