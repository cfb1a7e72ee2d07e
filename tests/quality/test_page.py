"""The page of a validation: its figures by hand, hostile captions, and what a browser shows of it."""

import re
from dataclasses import replace

import pyarrow as pa
import pytest

from multiyoucook2.cli.printing import validation_figures
from multiyoucook2.corpus.tables import CAPTION, CLIP, QUALITY, TRANSLATION, VERDICT
from multiyoucook2.quality.page.plots import quality_plots
from multiyoucook2.quality.page.render import render
from multiyoucook2.quality.page.summary import WORST, Summary, summarise

HOSTILE = "<script>alert(1)</script>\u202eevil\u200b & \x07 'quoted'"


Found = dict[int, list[tuple[str, str, float]]]


def summary(texts: list[str], found: Found, captions: list[str] | None = None) -> Summary:
    """Of German rows, one a clip; ``found``: row -> (check, severity, score)."""
    captions = captions or ["chop the onion and put it into the pan"] * len(texts)
    ids = [f"v_{n}" for n in range(len(texts))]
    clips = [
        {
            "clip_id": clip,
            "video_id": "v",
            "video_url": "https://example.org/watch?v=a",
            "start_s": 7.9,
            "recipe_type": kind,
        }
        for clip, kind in zip(ids, ["soup", "cake"] * len(ids), strict=False)
    ]
    sources = [
        {"clip_id": clip, "caption_index": 0, "lang": "en", "text": text}
        for clip, text in zip(ids, captions, strict=True)
    ]
    rows = [
        {
            "clip_id": clip,
            "caption_index": 0,
            "lang": "de",
            "text": text,
            "score": -0.5,
            "origin": "machine",
            "flags": ["repaired:n-best"] if clip == "v_1" else [],
            "first": f"first of {clip}" if clip == "v_1" else None,
        }
        for clip, text in zip(ids, texts, strict=True)
    ]
    verdicts = [
        {"clip_id": ids[n], "caption_index": 0, "lang": "de", "check": check, "severity": severity, "reason": "so",
         "score": score}
        for n, some in found.items() for check, severity, score in some
    ]  # fmt: skip
    qualities = [{"clip_id": clip, "caption_index": 0, "quality": 0.25 * (n % 4)} for n, clip in enumerate(ids)]
    schemas = (CLIP, CAPTION, TRANSLATION, VERDICT, QUALITY)
    tables = zip((clips, sources, rows, verdicts, qualities), schemas, strict=True)
    return summarise("de", *(pa.Table.from_pylist(part, schema=schema) for part, schema in tables))


def test_figures_by_hand() -> None:
    found = {
        0: [("numbers", "reject", 1)],
        2: [("coverage", "signal", 3), ("added", "signal", 1)],
        3: [("coverage", "signal", 9)],
    }
    one = summary(["a", "b", "c", "d"], found, ["one two", "a b c d e", "a b c d e f", "a b"])
    assert (one.rows, one.accepted, one.human) == (4, 3, 0)
    assert one.found == {"coverage": 2, "numbers": 1, "added": 1}
    assert one.refusing == {"numbers"}
    # refused first, then by the number and strength of the signals
    assert [(row.clip_id, row.accepted) for row in one.worst] == [("v_0", False), ("v_3", True), ("v_2", True)]
    assert one.worst[0].link == "https://example.org/watch?v=a&t=7"
    by_length, by_kind = one.profiles
    assert by_length.classes == (("to 4 words", 2, 1), ("to 8", 2, 2))
    assert by_kind.classes == (("soup", 2, 1), ("cake", 2, 2))
    assert sum(rows for _, rows in one.scores) == 4
    assert one.kept == 0.375
    assert [(edge, rows) for edge, rows in one.qualities if rows] == [(0, 1), (0.25, 1), (0.5, 1), (0.75, 1)]
    assert one.ways == {"n-best": 1}
    assert [(row.clip_id, row.text, row.quality, row.reasons) for row in one.repaired] == [
        ("v_1", "b", 0.25, ("repaired:n-best",))
    ]


def test_the_page_does_not_grow_with_the_rows() -> None:
    found: Found = {n: [("coverage", "signal", 1.0)] for n in range(500)}
    assert len(summary(["x"] * 500, found).worst) == WORST


def test_hostile_captions_stay_text() -> None:
    one = summary(
        [HOSTILE, "x" * 10_000], {0: [("coverage", "signal", 1)], 1: [("coverage", "signal", 1)]}, [HOSTILE] * 2
    )
    page = render(f"name {HOSTILE}", [one], {"file": HOSTILE})
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not re.search("[\u200b-\u200f\u202a-\u202e\x07]", page)
    assert "x" * 401 not in page
    assert "://" not in re.sub(r"https://example\.org[^\"]*", "", page)  # nothing is loaded from anywhere


def test_languages_without_rows_or_findings_have_a_page() -> None:
    page = render("empty", [summary([], {}), summary(["sound"], {})], {})
    assert page.count("<h2") == 5


def test_plots_are_drawn_of_calibrated_figures_and_the_same_each_time() -> None:
    figures = {"rows": 100, "accepted": 80, "meaning_kept": 0.55, "calibrated": True}
    languages = {"de": figures, "ja": {**figures, "calibrated": False}, "zh": {**figures, "meaning_kept": None}}
    drawn = quality_plots(languages)
    assert list(drawn) == ["plots/quality.png", "plots/quality.svg"]
    assert drawn == quality_plots(languages)
    assert drawn["plots/quality.png"].startswith(b"\x89PNG")
    assert b"<script" not in drawn["plots/quality.svg"]
    assert quality_plots({"ja": languages["ja"], "zh": languages["zh"]}) == {}


def test_repaired_rows_stand_beside_what_they_were() -> None:
    page = render("x", [summary(["a", "mended"], {})], {})
    assert "Rows stand here as the machine wrote them" in page  # whatever reviewers said since
    assert '<th class="text">before</th><th class="text">repaired</th>' in page
    (row,) = re.findall(r"<tr><td><a href.*?</tr>", page, re.DOTALL)
    assert [re.search(r"<bdi>(.*)</bdi>", cell)[1] for cell in row.split("<td")[2:5]] == [  # type: ignore[index]
        "chop the onion and put it into the pan", "first of v_1", "mended"
    ]  # fmt: skip
    assert 'href="https://example.org/watch?v=a&amp;t=7"' in row


@pytest.mark.parametrize(
    ("calibrated", "kept", "said"),
    [
        (True, 0.5, []),
        (False, 0.5, ["no figure of too few"]),
        (True, None, ["not estimated"]),
        (False, None, ["not estimated"]),
    ],
)
def test_the_terminal_says_why_there_is_no_share(
    calibrated: bool, kept: float | None, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    figures: dict[str, object] = {
        "rows": 9, "accepted": 9, "rejected": 0, "checks": {}, "examples": {},
        "calibrated": calibrated, "meaning_kept": kept,
    }  # fmt: skip
    validation_figures({"languages": {"de": figures}}, show=0)
    found = [line for line in capsys.readouterr().out.splitlines() if line.startswith("meaning kept: ")]
    assert [line.removeprefix("meaning kept: ")[: len(words)] for line, words in zip(found, said, strict=True)] == said


def test_a_share_that_means_nothing_is_not_shown() -> None:
    plain = summary(["a", "b"], {})
    assert "38%" not in render("x", [plain], {})
    assert "No figure, as it would mean nothing: German." in render("x", [plain], {})
    shown = render("x", [replace(plain, calibrated=True, kept=0.38)], {})
    assert "<b>38%</b>" in shown
    assert "No figure" not in shown
    none = render("x", [replace(plain, calibrated=calibrated, kept=None) for calibrated in (True, False)], {})
    assert "Nothing is estimated, as people wrote the rows or the alignment is switched off: German, German." in none
    assert "No figure" not in none
