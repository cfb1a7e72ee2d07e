"""Captions and translations that would be markup, code or endless, from the build to its report, card and pages."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from multiyoucook2 import build
from multiyoucook2.building.comparing import compare_builds
from multiyoucook2.building.opening import open_build
from multiyoucook2.building.worklists import open_worklists, texts_by_caption
from multiyoucook2.progress import Silent
from multiyoucook2.quality.page.compared import render_compared
from multiyoucook2.quality.review.overlay import Reviews, said_now, text_hash
from multiyoucook2.sources.cleaning import clean_caption

SCRIPT = "<script>document.title='owned'</script>"
IMAGE = "<img src=x onerror=\"document.title='owned'\">"
HOSTILE = [
    f"{SCRIPT} chop the onion",
    f"{IMAGE}</bdi></table> add salt to the soup",
    "\u202eno po\u202c \u2066stir the soup\u200b with care",
    "---\nlicense: mit\n---\n# add water",
    "fry `it` | {{ 7 * 7 }} {% raw %} [here](javascript:alert(1)) ${x} &lt;b&gt;",
    "=HYPERLINK(\"javascript:alert(1)\") boil the water",
    "x" * 1_000_000,
    "chop the onion and fry it in oil",
]  # fmt: skip
ADDRESS = "http://127.0.0.1:8001"
DIRECTIONS = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069]")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of such captions by an engine that says such things. Never write into it but by reviews."""
    folder = tmp_path_factory.mktemp("hostile")
    captions = folder / "captions.jsonl"
    captions.write_text("".join(
        json.dumps({"clip_id": f"v{n}", "caption": text, "video_url": "javascript:alert(1)"}) + "\n"
        for n, text in enumerate(HOSTILE)
    ))  # fmt: skip
    said = [{"source": clean_caption(text)[0], "translation": text, "origin": "machine"} for text in HOSTILE]
    table = folder / "says.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in said))
    recipe = folder / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({
        "source": "custom", "annotations": str(captions), "languages": "de", "engine": f"table:{table}",
        "publication": {"pretty_name": "a: {b} # 'c'", "card": "custom"},
    }))  # fmt: skip
    build(str(recipe), out=folder / "out", offline=True)
    return folder / "out"


def test_the_files_are_whole_and_small(made: Path) -> None:
    rows = [row for file in (made / "dataset" / "de").glob("*.parquet") for row in pq.read_table(file).to_pylist()]
    assert len(rows) == len(HOSTILE)
    assert max(len(row["caption"] or "") for row in rows) == 1_000_000  # data are kept as they are
    for page in (made / "report" / "index.html", made / "dataset" / "README.md"):
        text = page.read_text(encoding="utf-8")
        assert len(text) < 100_000
        assert "<script" not in text
        assert "<img" not in text
        assert not DIRECTIONS.search(text)
        assert 'href="javascript:' not in text
    report = (made / "report" / "index.html").read_text(encoding="utf-8")
    assert "{{ 7 * 7 }}" in report, "it stands there as it is"
    json.loads((made / "dataset" / "croissant.json").read_text(encoding="utf-8"))


def test_the_cards_head_and_tables_are_what_they_should_be(made: Path) -> None:
    text = (made / "dataset" / "README.md").read_text(encoding="utf-8")
    _, head, body = re.split(r"^---$\n?", text, maxsplit=2, flags=re.MULTILINE)
    found = yaml.safe_load(head)
    assert found["language"] == ["en", "de"]
    assert found["license"] != ["mit"]
    assert not re.search(r"^---$", body, re.MULTILINE)
    tables = [block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", body, re.MULTILINE)]
    assert tables
    for lines in tables:
        assert len({line.count("|") for line in lines}) == 1, lines


def test_two_builds_of_such_rows_are_compared(made: Path) -> None:
    one = open_build(made)
    found = compare_builds(one, one, ["de"], Silent())
    assert [row.measure for row in found.differences] == ["quality (uncalibrated)"]
    page = render_compared((SCRIPT, IMAGE), found.differences, found.pairs)
    assert "<script" not in page
    assert "<img" not in page


def test_pages_in_a_browser(made: Path, tab: Any) -> None:
    """Both pages show such rows as text, no wider than the window; edits like that, too."""
    tab.goto((made / "report" / "index.html").as_uri())
    assert tab.title().startswith("Validation of")
    assert tab.get_by_text(SCRIPT).count()
    assert fits(tab)
    reviews, (list_,) = Reviews(made), open_worklists(open_build(made)).values()
    for row in list_.rows:
        if len(row.text) < 1000:
            reviews.append("ana", said_now(row.key, text_hash(row.text), "edit", f"{SCRIPT} {IMAGE} ---"))
    client = pages(made, reviews)

    def answer(route: Any) -> None:
        found = client.get(route.request.url)
        route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.content)

    tab.route(f"{ADDRESS}/**", answer)
    for number in range(len(HOSTILE)):
        tab.goto(f"{ADDRESS}/?n={number}")
        assert tab.title() == "Review German"
        assert tab.locator("script").count() == 1  # our own
        assert fits(tab)


def fits(tab: Any) -> bool:
    """Whether the page is no wider than the window."""
    return bool(tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def pages(made: Path, reviews: Reviews) -> Any:
    """A client of the review page."""
    from starlette.testclient import TestClient

    from multiyoucook2.quality.review.app import Page, make_app

    opened = open_build(made)
    return TestClient(
        make_app(Page(open_worklists(opened), reviews, "ben", texts_by_caption(opened))), base_url=ADDRESS
    )
