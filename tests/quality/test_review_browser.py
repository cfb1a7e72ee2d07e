"""The review page in Chromium: twenty rows by keyboard alone, an edit in Japanese, and what comes back from a Hub.

Needs a Chromium (``apt-get install chromium``, or its path in ``$CHROMIUM``) and playwright.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, MyCook
from corpus.hub_server import hub

playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")


@pytest.fixture
def tab() -> Iterator[Any]:
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": 1000, "height": 800})
        wrong: list[str] = []
        tab.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        yield tab
        assert not wrong
        browser.close()


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
    mycook(*build)
    assert "meaning kept" in mycook("validate", "out").stdout
    command = [sys.executable, "-m", "multiyoucook2", "review", "out", "--reviewer", "ana", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[0]
            tab.goto(address)
            assert "token" not in tab.url
            expect = playwright_api.expect
            for number in range(20):
                expect(tab.locator("nav span")).to_have_text(re.compile(rf"^{number + 1} of 24$"))
                if number == 2:
                    tab.keyboard.press("e")
                    tab.locator("#text").fill("玉ねぎを切る")
                    tab.keyboard.press("Control+Enter")
                else:
                    tab.keyboard.press("r" if number == 1 else "a")
            expect(tab.locator("nav span")).to_have_text("21 of 24")
            tab.keyboard.press("k")  # back to the twentieth, which is taken back
            expect(tab.locator("#state")).to_have_text("accept")
            tab.keyboard.press("u")
            expect(tab.locator("#state")).to_have_text("open")
            expect(tab.locator("header p")).to_contain_text("19 of 24 reviewed")
            overflow = tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not overflow
        finally:
            server.kill()
    mycook(*build)
    published = mycook("review", "out", "--export", "reviews.csv", "--json")
    assert json.loads(published.stdout)["reviews"] == 21
    with hub() as server:
        settings = {"HF_ENDPOINT": server.url, "HF_TOKEN": server.token, "HF_HUB_DISABLE_XET": "1"}
        refused = mycook("publish", "out/dataset", "--repo", "me/cooking", code=1, **settings).stderr
        assert "ja: translated by the bundled model, which is for trials" in refused
        planned = mycook("publish", "out/dataset", "--repo", "me/cooking", "--dry-run", **settings).stdout
        assert "new      ja/train.parquet" in planned
        mycook("publish", "out/dataset", "--repo", "me/cooking", "--anyway", **settings)
        read = subprocess.run(
            [sys.executable, "-c", READER, "me/cooking"], cwd=tmp_path, capture_output=True, text=True,
            env=environment | settings | {"PYTHONPATH": "", "HF_HOME": str(tmp_path / "hf")},
        )  # fmt: skip
    assert read.returncode == 0, read.stderr
    rows = json.loads(read.stdout)
    assert len(rows) == 24
    assert sum(row["reviewed"] for row in rows) == 19
    (edited,) = [row for row in rows if row["origin"] == "human"]
    assert (edited["caption"], edited["engine"], edited["accepted"]) == ("玉ねぎを切る", None, True)
    (rejected,) = [row for row in rows if "rejected:review" in row["flags"]]
    assert not rejected["accepted"]
    assert all(row["engine"] == "mini" and 0 <= row["quality"] <= 1 for row in rows if row is not edited)
