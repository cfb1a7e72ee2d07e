"""Reviews: what holds after several reviewers, what a build publishes of it, what checks learn from it."""

from dataclasses import replace
from pathlib import Path

import pytest

from multiyoucook2.quality.review.overlay import Key, Reviews, Said, text_hash
from multiyoucook2.quality.review.worklist import Flag, Row, Worklist, make_worklist, ordered

KEY: Key = ("v_0", 0, "de")
TEXT = "die Zwiebel hacken"


def said(action: str, *, at: float = 1, text: str = "", seen: str = TEXT, key: Key = KEY) -> Said:
    values = {"time": at, "clip_id": key[0], "caption_index": key[1], "lang": key[2], "seen": text_hash(seen)}
    return Said.model_validate({**values, "action": action, "text": text})


def outcome(reviews: Reviews, text: str = TEXT) -> tuple[str, str, str, bool, bool] | None:
    found = reviews.outcomes({KEY: text}).get(KEY)
    return (found.action, found.text, found.reviewer, found.disagree, found.stale) if found else None


def worklist(lang: str = "de") -> Worklist:
    rows = [
        Row(f"v_{n}", "v", 0, lang, f"caption {n} <b>", f"Text {n}",
            "https://example.org/?v=a", float(n), n + 1.0, "soup",
            (Flag("coverage", "'onion' has no counterpart"),) if n == 2 else ())
        for n in range(4)
    ]  # fmt: skip
    return ordered(lang, rows)


def test_the_latest_action_holds_and_undo_takes_back(tmp_path: Path) -> None:
    reviews = Reviews(tmp_path)
    assert outcome(reviews) is None
    held = [("accept", "accept"), ("reject", "reject"), ("undo", "accept"), ("undo", None), ("undo", None)]
    for action, expected in held:
        reviews.append("ana", said(action))
        found = outcome(reviews)
        assert (found[0] if found else None) == expected
    assert len((tmp_path / "reviews/ana.jsonl").read_text().splitlines()) == 5  # nothing is ever removed


def test_two_reviewers_never_overwrite_each_other(tmp_path: Path) -> None:
    reviews = Reviews(tmp_path)
    reviews.append("ana", said("accept", at=1))
    reviews.append("ben", said("accept", at=2))
    assert outcome(reviews) == ("accept", "", "ben", False, False)
    reviews.append("ana", said("edit", at=3, text="Zwiebel hacken"))
    assert outcome(reviews) == ("edit", "Zwiebel hacken", "ana", True, False)
    reviews.append("ana", said("undo", at=4))
    assert outcome(reviews) == ("accept", "", "ben", False, False)


def test_of_a_text_that_changed_only_edits_stay_and_are_stale(tmp_path: Path) -> None:
    reviews = Reviews(tmp_path)
    reviews.append("ana", said("accept"))
    assert outcome(reviews, "another translation") is None
    reviews.append("ben", said("edit", at=2, text="Zwiebel hacken"))
    assert outcome(reviews, "another translation") == ("edit", "Zwiebel hacken", "ben", False, True)


def test_a_build_publishes_what_people_said(tmp_path: Path) -> None:
    import pyarrow as pa

    from multiyoucook2.building.reviewing import apply_reviews, figures_after
    from multiyoucook2.corpus.tables import CAPTION, QUALITY, TRANSLATION, VERDICT

    texts = ["eins", "zwei", "drei", "vier", "", "sechs"]
    keys = [{"clip_id": f"v_{n}", "caption_index": 0} for n in range(6)]
    by = {"lang": "de", "score": -1.0, "model": "m", "revision": "r", "license": "mit", "decode_hash": "d",
          "origin": "machine", "retries": 1, "first": "früher"}  # fmt: skip
    rows = [{**key, **by, "text": text, "flags": ["loop"]} for key, text in zip(keys, texts, strict=True)]
    rows[1]["flags"] = ["repaired:n-best", "query", "loop"]
    rows[5] |= {"origin": "human", "flags": ["independent"]}
    found = [(0, "numbers", "reject"), (0, "added", "signal"), (1, "numbers", "reject"), (1, "coverage", "signal"),
             (3, "numbers", "reject"), (4, "empty", "reject")]  # fmt: skip
    said_before = [
        {**keys[n], "lang": "de", "check": check, "severity": severity, "reason": "so"} for n, check, severity in found
    ]
    quality = [{**key, "quality": value} for key, value in zip(keys, (0, 0.03, 0.9, 0.5, 0), strict=False)]
    reviews = Reviews(tmp_path)
    for number, (action, text, seen) in enumerate(
        [("accept", "", "eins"), ("edit", "ZWEI", "früher"), ("reject", "", "drei")]
    ):
        reviews.append("ana", said(action, text=text, key=(f"v_{number}", 0, "de"), seen=seen))
    reviews.append("ana", said("accept", key=("v_4", 0, "de"), seen=""))  # nobody can confirm a text that is not there
    reviews.append("ana", said("edit", text="SECHS", key=("v_5", 0, "de"), seen="früher"))  # now the source has its own
    after = apply_reviews(
        pa.Table.from_pylist(rows, TRANSLATION),
        pa.Table.from_pylist(said_before, VERDICT),
        pa.Table.from_pylist(quality, QUALITY),
        reviews,
    )
    table = after.translations.to_pylist()
    assert [row["text"] for row in table] == ["eins", "ZWEI", "drei", "vier", "", "sechs"]
    assert [row["flags"] for row in table] == [
        ["loop"], ["query", "review_stale"], ["loop"], ["loop"], ["loop"], ["independent"]
    ]  # fmt: skip
    assert table[1] == {
        **keys[1], "lang": "de", "text": "ZWEI", "score": None, "model": "", "revision": "", "license": "",
        "decode_hash": "", "flags": ["query", "review_stale"], "retries": 0, "origin": "human", "first": None,
    }  # fmt: skip
    assert [row for n, row in enumerate(table) if n != 1] == [row for n, row in enumerate(rows) if n != 1]
    assert [(row["clip_id"], row["check"]) for row in after.verdicts.to_pylist()] == [
        ("v_0", "added"), ("v_3", "numbers"), ("v_4", "empty"), ("v_2", "review")
    ]  # fmt: skip
    assert "ana" not in str(after.verdicts.to_pylist())  # the card shows reasons to everybody
    assert after.kept == {("v_0", 0): True, ("v_1", 0): True, ("v_2", 0): False}
    assert after.quality["clip_id"].to_pylist() == ["v_3", "v_4"]

    captions = pa.Table.from_pylist([{**key, "lang": "en", "text": "x", "origin": "human"} for key in keys], CAPTION)
    figures = figures_after({"calibrated": True, "meaning_kept": 0.286}, captions, after)
    named = ("calibrated", "rows", "accepted", "rejected", "human", "reviewed", "meaning_kept", "checks")
    assert [figures[name] for name in named] == [
        True, 6, 3, 3, 2, 3, 0.5, {"empty": 1, "numbers": 1, "review": 1}  # (0.5 + 0 + 1 + 1 + 0) / 5
    ]  # fmt: skip
    unknown = replace(after, quality=after.quality.set_column(2, "quality", pa.nulls(2, pa.float32())))
    assert figures_after({}, captions, unknown)["meaning_kept"] is None
    assert figures_after({}, captions, replace(after, quality=after.quality[:0]))["meaning_kept"] == 0.6667
    assert figures_after({"rows": 9}, captions, replace(after, kept={})) == {"rows": 9, "reviewed": 0}


def test_words_without_a_counterpart_are_marked() -> None:
    flags = (Flag("coverage", "no counterpart of onion, stir, chef"), Flag("misses", "poor counterparts of the"))
    row = replace(worklist().rows[0], flags=flags, caption="Onion & onions: stir-fry the chef's onion")
    marked = [(piece, there) for piece, there in row.marked() if there]
    assert "".join(piece for piece, _ in row.marked()) == row.caption
    assert marked == [("Onion", True), ("stir", True), ("chef", True), ("onion", True)]


def test_reviews_teach_sound_pairs_and_marks(tmp_path: Path) -> None:
    from multiyoucook2.quality.review.lessons import marks_by_review, said_of, sound_by_review

    reviews = Reviews(tmp_path)
    assert said_of(reviews, "de") == ""
    for number, action in enumerate(("accept", "reject", "edit", "edit", "accept")):
        text = "besser" if action == "edit" else ""
        seen = "older" if number == 3 else TEXT
        reviews.append("ana", said(action, text=text, seen=seen, key=(f"v_{number}", 0, "de")))
    texts = {(f"v_{number}", 0, "de"): TEXT for number in range(6)}
    english = {(f"v_{number}", 0): f"caption {number}" for number in range(4)}  # the last is not of this table
    assert sound_by_review(reviews, texts, english) == [
        ("caption 0", TEXT), ("caption 2", "besser"), ("caption 3", "besser")
    ]  # fmt: skip
    marks = [(mark.clip_id, mark.kept) for mark in marks_by_review(reviews, texts)]
    assert marks == [("v_0", True), ("v_1", False), ("v_2", False), ("v_4", True)]  # v_3 is of an earlier text
    known = said_of(reviews, "de")
    reviews.append("ben", said("accept", key=("v_0", 0, "ja")))
    assert (said_of(reviews, "de"), said_of(reviews, "fr")) == (known, "")
    reviews.append("ben", said("reject", key=("v_0", 0, "de")))
    assert (later := said_of(reviews, "de")) != known
    reviews.append("ana", said("accept", at=2, key=("v_0", 0, "de")))  # the same once more: the last word now
    assert said_of(reviews, "de") != later


def test_what_refuses_a_row_cannot_be_dismissed(tmp_path: Path) -> None:
    rows = [replace(row, flags=(Flag("numbers", "5 is lost", 1, True), *row.flags)) for row in worklist().rows]
    full = ordered("de", rows)
    assert full.signals == {"coverage"}
    assert full.without({"coverage", "numbers"}).checks == {"numbers": 4}


def test_a_dismissal_neither_reviews_a_row_nor_checks_a_language_anew(tmp_path: Path) -> None:
    from multiyoucook2.quality.review.lessons import said_of

    reviews = Reviews(tmp_path)
    reviews.append("ana", said("dismiss", key=("*coverage", 0, "de")))
    assert reviews.dismissed("de") == {"coverage": {"ana"}}
    assert (reviews.dismissed("ja"), said_of(reviews, "de")) == ({}, "")
    assert reviews.outcomes({KEY: TEXT}) == {}
    assert reviews.content_hash() == Reviews(tmp_path / "nobody").content_hash(), "a data set lacks nothing of it"


def test_checks_with_another_outcome_are_not_what_was_published(tmp_path: Path) -> None:
    from multiyoucook2.building.reviewing import changed_since
    from multiyoucook2.building.workspace import Workspace

    workspace, rest = Workspace(tmp_path), {"key": "k", "counts": {}, "seconds": 1.0, "versions": {}}

    def checked(sha256: str) -> None:
        output = {"name": "figures.json", "bytes": 1, "sha256": sha256}
        workspace.write_manifest("validate-de", {**rest, "outputs": {"objects/validate-de/figures.json": output}})

    checked("before")
    inputs = {
        "settings": {"reviews": Reviews(tmp_path).content_hash()},
        "reads": {"validate-de/figures.json": "before"},
    }
    workspace.write_manifest("publish", {**rest, "outputs": {}, "inputs": inputs})
    assert changed_since(workspace.dataset) == []
    checked("by a calibration")
    assert changed_since(workspace.dataset) == [
        "its translations have been checked anew, with another outcome, since it was built"
    ]
    assert changed_since(tmp_path / "elsewhere/dataset") == []


def test_agreement_by_hand() -> None:
    from multiyoucook2.quality.review.agreement import cohens_kappa

    said = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    assert cohens_kappa(said) == pytest.approx(0.4)  # 0.7 alike, 0.5 by chance
    assert cohens_kappa([(True, True)] * 3) is None
    assert cohens_kappa([(True, False), (False, True)]) == -1


def test_a_caption_is_the_sources_though_people_wrote_it_in_other_languages() -> None:
    import pyarrow as pa

    from multiyoucook2.corpus.tables import CAPTION, CLIP, TRANSLATION, VERDICT

    said_by = {"zh": "切洋葱", "en": "chop the onion", "mr": "कांदा चिरा"}
    captions = [
        {"clip_id": "v_0", "caption_index": 0, "lang": lang, "text": text, "origin": "human", "flags": []}
        for lang, text in said_by.items()
    ]
    german = {"clip_id": "v_0", "caption_index": 0, "lang": "de", "text": TEXT, "origin": "machine", "flags": []}
    clips = pa.Table.from_pylist([{"clip_id": "v_0", "video_id": "v"}], CLIP)
    verdicts, table = VERDICT.empty_table(), pa.Table.from_pylist([german], TRANSLATION)
    for source, text in said_by.items():
        found = make_worklist("de", source, clips, pa.Table.from_pylist(captions, CAPTION), table, verdicts)
        assert (found.source_lang, found.rows[0].caption) == (source, text)
        assert found.without({"coverage"}).source_lang == source
