"""The review page in Chromium: twenty rows by keyboard alone, an edit in Japanese, and what comes back from a Hub.

Needs a Chromium (``apt-get install chromium``, or its path in ``$CHROMIUM``) and playwright.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, MyCook
from corpus.hub_server import hub

from multiyoucook2.quality.review.overlay import Reviews
from tests.browser import ready
from tests.quality.test_review_page import OURS, client_of, page_of

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


# Of all 13,829 captions: CHAIN_BUILD=build/x MYCOOK_TIMEOUT=3000 python -m pytest tests/quality/test_review_browser.py
# --timeout 0 --durations 1 takes a copy of a build that is there.
WHOLE = os.environ.get("CHAIN_BUILD")
# YouCook2's own captions where they lie beside the repository, else the bundled ones in its format.
REAL = ROOT.parent / "shared/data/youcook2/youcookii_annotations_trainval.json"
CAPTIONS = REAL if REAL.is_file() else ROOT / "multiyoucook2/mini/annotations.json"
READER = """
import json, sys
from datasets import load_dataset
rows = [row for part in load_dataset(sys.argv[1], "ja").values() for row in part]
print(json.dumps(rows))
"""


def test_from_captions_over_twenty_reviews_to_the_hub_and_back(
    tab: Any, mycook: MyCook, environment: dict[str, str], tmp_path: Path
) -> None:
    """The whole chain, by the bundled model: translated, repaired, checked, reviewed, published, loaded."""
    build = (
        "build", "--recipe", "multi-youcook2", "--annotations", CAPTIONS, "--offline", "--limit", 24, "--engine",
        "mini", "--langs", "ja", "--out", "out",
    )  # fmt: skip
    if WHOLE:
        shutil.copytree(WHOLE, tmp_path / "out", symlinks=True)
    else:
        mycook(*build)
    assert "meaning kept" in mycook("validate", "out").stdout
    mended = json.loads(mycook("repair", "out", "--offline", "--json").stdout)["languages"]["ja"]
    total = f"{mended['rows']:,}"
    assert mended["refused"] <= mended["refused_before"]
    command = [sys.executable, "-m", "multiyoucook2", "review", "out", "--reviewer", "ana", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[0]
            tab.goto(address)
            assert "token" not in tab.url
            tab.goto(f"{tab.url}?lang=ja")
            expect = playwright_api.expect
            for number in range(20):
                expect(tab.locator("nav span")).to_have_text(re.compile(rf"^{number + 1} of {total}$"))
                ready(tab)
                if number == 2:
                    tab.keyboard.press("e")
                    tab.locator("#text").fill("玉ねぎを切る")
                    tab.keyboard.press("Control+Enter")
                else:
                    tab.keyboard.press("r" if number == 1 else "a")
            expect(tab.locator("nav span")).to_have_text(f"21 of {total}")
            ready(tab).keyboard.press("k")  # back to the twentieth, which is taken back
            expect(tab.locator("#state")).to_have_text("accept")
            ready(tab).keyboard.press("u")
            expect(tab.locator("#state")).to_have_text("open")
            expect(tab.locator("header p")).to_contain_text(f"19 of {total} reviewed")
            tab.goto(f"{tab.url.partition('?')[0]}?lang=ja&check=coverage")
            tab.locator("button[data-kind=coverage][data-dismiss]").click()
            expect(tab.locator(".empty")).to_be_visible()  # no row is left that coverage flags
            ready(tab).get_by_text("show again").click()
            expect(tab.locator("nav span")).to_have_text(re.compile(r"^1 of \d+$"))  # the next page has come
            expect(ready(tab).locator(".empty")).to_have_count(0)
            expect(tab.get_by_text("Dismissed as false alarms")).to_have_count(0)
            overflow = tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not overflow
        finally:
            server.kill()
    mycook("repair", "out", "--offline")  # the same build again, with what was said
    published = mycook("review", "out", "--export", "reviews.csv", "--json")
    assert json.loads(published.stdout)["reviews"] == 23  # the dismissal and its taking back among them
    with hub() as server:
        settings = {"HF_ENDPOINT": server.url, "HF_TOKEN": server.token, "HF_HUB_DISABLE_XET": "1"}
        refused = mycook("publish", "out/dataset", "--repo", "me/cooking", code=1, **settings).stderr
        assert "ja" in refused.partition(": translated by the bundled model, which is for trials")[0]
        planned = mycook("publish", "out/dataset", "--repo", "me/cooking", "--dry-run", **settings).stdout
        assert "new      ja/train.parquet" in planned
        mycook("publish", "out/dataset", "--repo", "me/cooking", "--anyway", **settings)
        read = subprocess.run(
            [sys.executable, "-c", READER, "me/cooking"], cwd=tmp_path, capture_output=True, text=True,
            env=environment | settings | {"PYTHONPATH": "", "HF_HOME": str(tmp_path / "hf")},
        )  # fmt: skip
    assert read.returncode == 0, read.stderr
    rows = json.loads(read.stdout)
    assert len(rows) == mended["rows"]
    assert sum(row["reviewed"] for row in rows) == 19
    (edited,) = [row for row in rows if row["origin"] == "human"]
    assert (edited["caption"], edited["engine"], edited["accepted"]) == ("玉ねぎを切る", None, True)
    (rejected,) = [row for row in rows if "rejected:review" in row["flags"]]
    assert not rejected["accepted"]
    machine = [row for row in rows if row is not edited]
    assert {row["engine"] for row in machine} == {"mini"}
    assert all(0 <= row["quality"] <= 1 for row in machine if row["quality"] is not None)
    assert any("coverage" in row["checks"] for row in rows)


def test_keys_lose_neither_typed_text_nor_rows(tab: Any, tmp_path: Path) -> None:
    """The page's script over a list of four; what it asks by a dialog is answered with no."""
    client, expect = client_of(page_of(tmp_path, "ana")), playwright_api.expect
    home = str(client.base_url)

    def answer(route: Any) -> None:
        asked = route.request
        found = client.request(asked.method, asked.url, content=asked.post_data_buffer, headers=OURS)
        route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.content)

    def at(clip: str, state: str) -> None:
        expect(tab.locator("#row")).to_have_attribute("data-clip", clip)
        expect(tab.locator("#state")).to_have_text(state)
        ready(tab)

    def lines() -> list[tuple[str, str, str]]:
        return [(one.clip_id, one.action, one.text) for one in Reviews(tmp_path).lines("ana")]

    tab.route(f"{home}/**", answer)
    tab.add_init_script("window.asked = []; window.confirm = (words) => { window.asked.push(words); return false; }")
    tab.goto(f"{home}/")
    ready(tab).keyboard.press("u")
    expect(tab.locator("#said")).to_have_text("nothing was done since the page was started")
    tab.keyboard.press("e")
    tab.locator("#text").fill("besser")
    tab.keyboard.press("Escape")
    for key in "rju":
        tab.keyboard.press(key)
    assert tab.evaluate("window.asked") == ["Drop what you have typed?"] * 2
    assert tab.evaluate("window.dispatchEvent(new Event('beforeunload', { cancelable: true }))") is False
    assert lines() == []
    tab.keyboard.press("a")  # what stands there is what is accepted
    at("v_0", "open")
    tab.keyboard.press("k")
    at("v_2", "edit")
    tab.keyboard.press("a")
    at("v_0", "open")
    assert lines() == [("v_2", "edit", "besser")] * 2
    twice = (
        "for (const _ of [1, 2]) document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'r', bubbles: true }))"
    )
    tab.evaluate(twice)
    at("v_1", "open")
    assert lines()[2:] == [("v_0", "reject", "")]
    for clip, state in (("v_0", "open"), ("v_2", "edit"), ("v_2", "open")):
        tab.keyboard.press("u")
        at(clip, state)
    expect(tab.locator("[data-action=undo]")).to_be_disabled()
    tab.goto(f"{home}/?state=open")
    for clip in ("v_2", "v_0", "v_1", "v_3"):
        at(clip, "open")
        tab.keyboard.press("a")
    at("v_3", "accept")
    tab.get_by_text("take back").click()
    at("v_3", "open")
