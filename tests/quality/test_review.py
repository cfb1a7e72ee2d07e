"""Reviews: what is kept, what holds after several reviewers, who may write, and what a build publishes of it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiyoucook2.errors import WorkspaceError
from multiyoucook2.quality.review.exchange import export_csv, import_csv
from multiyoucook2.quality.review.overlay import Key, Reviews, Said, text_hash
from multiyoucook2.quality.review.worklist import Flag, Row, Worklist, ordered

KEY: Key = ("v_0", 0, "de")
TEXT = "die Zwiebel hacken"


def said(action: str, *, at: float = 1, text: str = "", seen: str = TEXT, key: Key = KEY) -> Said:
    values = {"time": at, "clip_id": key[0], "caption_index": key[1], "lang": key[2], "seen": text_hash(seen)}
    return Said.model_validate({**values, "action": action, "text": text})


def outcome(reviews: Reviews, text: str = TEXT) -> tuple[str, str, str, bool, bool] | None:
    found = reviews.outcomes({KEY: text}).get(KEY)
    return (found.action, found.text, found.reviewer, found.disagree, found.stale) if found else None


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


def test_a_killed_write_loses_its_own_line_alone(tmp_path: Path) -> None:
    reviews = Reviews(tmp_path)
    reviews.append("ana", said("accept"))
    path = tmp_path / "reviews/ana.jsonl"
    whole = path.read_bytes()
    for cut in range(1, len(whole)):
        path.write_bytes(whole + whole[:cut])
        assert outcome(reviews) == ("accept", "", "ana", False, False)
    path.write_bytes(whole + whole[:20])
    reviews.append("ana", said("reject", at=5))  # goes on after the broken line
    with pytest.raises(WorkspaceError, match=r"line 2 of .*ana\.jsonl"):
        outcome(reviews)  # ... which is named, as something may be lost there


@pytest.mark.parametrize("name", ["../ana", "", "a b", ".hidden", "x" * 41, "a/b"])
def test_names_are_file_names(name: str, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="a reviewer cannot be called"):
        Reviews(tmp_path).append(name, said("accept"))
    assert not list(tmp_path.iterdir())


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["accept", "edit", "reject"]), st.text(min_size=1, max_size=30)), max_size=8))
def test_csv_there_and_back(actions: list[tuple[str, str]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        here, there, path = Reviews(Path(scratch) / "a"), Reviews(Path(scratch) / "b"), Path(scratch) / "x.csv"
        for folder in (here, there):
            folder.folder.parent.mkdir()
        for number, (action, text) in enumerate(actions):
            kept = text.encode("utf-8", "ignore").decode()
            here.append(f"r{number % 2}", said(action, at=float(number), text=kept if action == "edit" else ""))
        assert export_csv(here, path) == len(actions)
        assert import_csv(there, path) == len(actions)
        assert import_csv(there, path) == 0
        assert there.latest() == here.latest()


def test_a_csv_of_another_kind_adds_nothing(tmp_path: Path) -> None:
    export_csv(Reviews(tmp_path), path := tmp_path / "x.csv")
    path.write_text(path.read_text() + "ana,1,v_0,0,de,abc,accept,\nana,soon,v_0,0,de,abc,accept,\n")
    with pytest.raises(WorkspaceError, match=r"line 3 of .* is no review"):
        import_csv(Reviews(tmp_path), path)
    assert Reviews(tmp_path).reviewers() == []


def worklist(lang: str = "de") -> Worklist:
    rows = [
        Row(f"v_{n}", "v", 0, lang, f"caption {n} <b>", f"Text {n}",
            "https://example.org/?v=a", float(n), n + 1.0, "soup",
            (Flag("coverage", "'onion' has no counterpart"),) if n == 2 else ())
        for n in range(4)
    ]  # fmt: skip
    return ordered(lang, rows)


starlette = pytest.importorskip("starlette", reason="the extra web is not installed")


@pytest.fixture
def page(tmp_path: Path):  # type: ignore[no-untyped-def]
    from multiyoucook2.quality.review.app import Page

    return Page({"de": worklist(), "ja": worklist("ja")}, Reviews(tmp_path), "ana")


@pytest.fixture
def client(page):  # type: ignore[no-untyped-def]
    from starlette.testclient import TestClient

    from multiyoucook2.quality.review.app import make_app

    return TestClient(make_app(page), base_url="http://127.0.0.1:8001")


def action(**changes: object) -> dict[str, object]:
    found = {"clip_id": "v_2", "caption_index": 0, "lang": "de", "action": "accept", "seen": text_hash("Text 2")}
    return {**found, **changes}


OURS = {"Sec-Fetch-Site": "same-origin"}


def test_the_worst_row_comes_first_with_its_reasons(client) -> None:  # type: ignore[no-untyped-def]
    text = client.get("/").text
    assert "caption 2 &lt;b&gt;" in text
    assert "has no counterpart" in text
    assert "1 of 4" in text
    assert "open the address that the command printed" in text  # without the token it may only look
    assert "Text 0" in text  # the steps around it
    assert client.get("/?check=coverage").text.count("1 of 1") == 1
    assert "No row fits" in client.get("/?text=nowhere").text
    assert client.get("/?n=99999999999999&lang=%00&check=%3Cscript%3E").status_code == 200


def test_only_our_own_page_may_write(client, page, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert client.post("/act", json=action(), headers=OURS).status_code == 403  # no token
    client.get(f"/?token={page.token}")
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {},
    ):
        assert client.post("/act", json=action(), headers=headers).status_code == 403
    assert client.get("/", headers={"Host": "rebound.example"}).status_code == 400
    assert client.get("/act").status_code == 405
    assert not (tmp_path / "reviews").exists()
    assert client.post("/act", json=action(), headers=OURS).json() == {"state": "accept"}
    assert client.post("/act", json=action(), headers={"Origin": "http://127.0.0.1:8001"}).json() == {"state": "accept"}
    assert "may only look" not in client.get("/").text
    assert len((tmp_path / "reviews/ana.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"action": "drop"}, 400), ({"clip_id": "../x"}, 409), ({"seen": "0" * 16}, 409),
        ({"caption_index": "one"}, 400),
        ({"action": "edit", "text": "  "}, 400), ({"action": "edit", "text": "x" * 2001}, 400),
    ],
)  # fmt: skip
def test_wrong_actions_write_nothing(changes: dict[str, object], status: int, client, page, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    client.get(f"/?token={page.token}")
    assert client.post("/act", json=action(**changes), headers=OURS).status_code == status
    index = json.dumps(action()).replace('"caption_index": 0', '"caption_index": 1e999').encode()
    surrogate = json.dumps(action(action="edit", text="\ud800")).encode()
    for body in (b"[[[[", b"null", b"x" * 20_000, index, surrogate):
        assert client.post("/act", content=body, headers=OURS).status_code in (400, 413)
    assert not (tmp_path / "reviews").exists()


def test_a_killed_server_has_lost_nothing(client, page, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from multiyoucook2.quality.review.app import Page

    client.get(f"/?token={page.token}")
    client.post("/act", json=action(action="edit", text="neuer  Text"), headers=OURS)
    again = Page({"de": worklist()}, Reviews(tmp_path), "ben")
    assert again.outcomes["v_2", 0, "de"].text == "neuer Text"


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


def test_only_the_end_of_a_file_that_grew_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from multiyoucook2.quality.review import overlay

    reviews, parsed = Reviews(tmp_path), []
    real = overlay.parse_json
    monkeypatch.setattr(
        overlay, "parse_json", lambda row, *rest, **more: parsed.append(row) or real(row, *rest, **more)
    )
    for n in range(5):
        reviews.append("ana", said("accept" if n % 2 else "reject", at=n))
        assert outcome(reviews) == outcome(Reviews(tmp_path))
    assert len(parsed) == 5 + (1 + 2 + 3 + 4 + 5)  # a line once, beside all of them for whoever comes fresh
    path = tmp_path / "reviews/ana.jsonl"
    path.write_text(path.read_text().splitlines(keepends=True)[0])  # shorter: somebody has put another file there
    assert outcome(reviews) == ("reject", "", "ana", False, False)


def test_words_without_a_counterpart_are_marked() -> None:
    flags = (Flag("coverage", "no counterpart of onion, stir-fry"), Flag("misses", "poor counterparts of the"))
    row = replace(worklist().rows[0], flags=flags, caption="Onion & onions: stir-fry the onion")
    marked = [(piece, there) for piece, there in row.marked() if there]
    assert "".join(piece for piece, _ in row.marked()) == row.caption
    assert marked == [("Onion", True), ("stir-fry", True), ("onion", True)]


def test_rows_are_filtered_by_reviewer_and_state(page, client, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    client.cookies.set("mycook-review", page.token)
    page.reviews.append("ben", said("reject", key=("v_2", 0, "de"), seen="Text 2"))
    for number, expected in ((1, "accept"), (2, "accept")):
        done = client.post("/act", json=action(clip_id=f"v_{number}", seen=text_hash(f"Text {number}")), headers=OURS)
        assert done.json() == {"state": expected}
    assert "2 of 4 reviewed" in client.get("/").text
    assert "1 of 2" in client.get("/?by=ana").text
    assert "No row fits" in client.get("/?by=ben").text  # the latest word on that row is ana's
    assert "reviewers disagree</span>" in client.get("/?state=disagree&by=ana").text
    assert "No row fits" in client.get("/?state=stale").text
    undone = client.post("/act", json=action(clip_id="v_1", seen=text_hash("Text 1"), action="undo"), headers=OURS)
    assert undone.json() == {"state": "open"}
    assert "1 of 4 reviewed" in client.get("/").text


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
    assert said_of(reviews, "de") != known


def kind(client, *, check: str = "coverage", dismiss: bool = True, lang: str = "de"):  # type: ignore[no-untyped-def]
    return client.post("/dismiss", json={"lang": lang, "check": check, "dismiss": dismiss}, headers=OURS)


def test_a_kind_of_flag_is_dismissed_as_a_whole_and_comes_back(page, client, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from multiyoucook2.quality.review.app import Page

    assert kind(client).status_code == 403  # no token
    client.cookies.set("mycook-review", page.token)
    assert "caption 2 &lt;b&gt;" in client.get("/").text  # it comes first because of its flag
    for wrong in ({"check": "numbers"}, {"lang": "fr"}, {"check": "*"}):
        assert kind(client, **wrong).status_code == 409
    assert not (tmp_path / "reviews").exists()
    assert kind(client).json() == {"dismissed": ["coverage"]}
    text = client.get("/").text
    assert "has no counterpart" not in text
    assert page.worklists["de"].rows[0].clip_id == "v_0"
    assert "coverage (by ana <button" in text
    assert "has no counterpart" in client.get("/?lang=ja").text  # dismissed in German alone
    assert "No row fits" in client.get("/?check=coverage").text
    ben = Page({"de": worklist()}, Reviews(tmp_path), "ben")  # after a restart, and for the others
    assert ben.worklists["de"].checks == {}
    assert kind(client, dismiss=False).json() == {"dismissed": []}
    assert page.worklists["de"].rows[0].clip_id == "v_2"


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


def test_agreement_by_hand() -> None:
    from multiyoucook2.quality.review.agreement import cohens_kappa

    said = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    assert cohens_kappa(said) == pytest.approx(0.4)  # 0.7 alike, 0.5 by chance
    assert cohens_kappa([(True, True)] * 3) is None
    assert cohens_kappa([(True, False), (False, True)]) == -1


def test_agreement_is_of_the_same_texts_and_shown(page, client, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from multiyoucook2.quality.review.agreement import Agreement, agreements

    for number, (one, other) in enumerate((("accept", "accept"), ("reject", "edit"), ("accept", "reject"))):
        key = (f"v_{number}", 0, "de")
        page.reviews.append("ana", said(one, key=key, seen=f"Text {number}"))
        page.reviews.append("ben", said(other, key=key, seen=f"Text {number}", text="besser" * (other == "edit")))
    page.reviews.append("ana", said("accept", key=("v_3", 0, "de"), seen="today's"))
    page.reviews.append("ben", said("reject", key=("v_3", 0, "de"), seen="yesterday's"))
    page.reviews.append("ben", said("dismiss", key=("*coverage", 0, "de")))
    # both yes once, both no once, ana alone once: 2/3 alike, 4/9 by chance
    (found,) = agreements(page.reviews, "de")
    assert found == Agreement("ana", "ben", 3, 2, pytest.approx(0.4))
    assert "ana and ben judge 2 of 3 rows alike, Cohen's kappa 0.40" in " ".join(client.get("/").text.split())
    assert agreements(page.reviews, "ja") == []
