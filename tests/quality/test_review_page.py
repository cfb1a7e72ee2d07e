"""The review page: who may write, what an action does, and where the next row is."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import MyCook

from multiyoucook2.quality.review.overlay import Reviews, text_hash
from tests.quality.test_review import said, worklist

starlette = pytest.importorskip("starlette", reason="the extra web is not installed")


def page_of(folder: Path, reviewer: str, langs: tuple[str, ...] = ("de", "ja")):  # type: ignore[no-untyped-def]
    """A reviewer's page of a build's folder; texts there are in three languages."""
    from multiyoucook2.quality.review.app import Page

    texts = {(f"v_{n}", 0): {lang: f"Text {n} {lang}" for lang in ("de", "ja", "zh")} for n in range(4)}
    return Page({lang: worklist(lang) for lang in langs}, Reviews(folder), reviewer, texts)


def client_of(page, port: int = 8001):  # type: ignore[no-untyped-def]
    """A browser that has opened the address that the command printed."""
    from starlette.testclient import TestClient

    from multiyoucook2.quality.review.app import make_app

    client = TestClient(make_app(page), base_url=f"http://127.0.0.1:{port}")
    client.get(f"/?token={page.token}")
    return client


@pytest.fixture
def page(tmp_path: Path):  # type: ignore[no-untyped-def]
    return page_of(tmp_path, "ana")


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
    client.get(f"/?token={page.token}")
    client.post("/act", json=action(action="edit", text="neuer  Text"), headers=OURS)
    again = page_of(tmp_path, "ben")
    assert again.session.outcomes["v_2", 0, "de"].text == "neuer Text"


def test_rows_are_filtered_by_reviewer_and_state(page, client, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    client.get(f"/?token={page.token}")
    page.session.reviews.append("ben", said("reject", key=("v_2", 0, "de"), seen="Text 2"))
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


def kind(client, *, check: str = "coverage", dismiss: bool = True, lang: str = "de"):  # type: ignore[no-untyped-def]
    return client.post("/dismiss", json={"lang": lang, "check": check, "dismiss": dismiss}, headers=OURS)


def test_a_kind_of_flag_is_dismissed_as_a_whole_and_comes_back(page, client, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert kind(client).status_code == 403  # no token
    client.get(f"/?token={page.token}")
    assert "caption 2 &lt;b&gt;" in client.get("/").text  # it comes first because of its flag
    for wrong in ({"check": "numbers"}, {"lang": "fr"}, {"check": "*"}):
        assert kind(client, **wrong).status_code == 409
    assert not (tmp_path / "reviews").exists()
    assert kind(client).json() == {"dismissed": ["coverage"]}
    text = client.get("/").text
    assert "has no counterpart" not in text
    assert page.session.worklists["de"].rows[0].clip_id == "v_0"
    assert "coverage (by ana <button" in text
    assert "has no counterpart" in client.get("/?lang=ja").text  # dismissed in German alone
    assert "No row fits" in client.get("/?check=coverage").text
    ben = page_of(tmp_path, "ben")  # after a restart, and for the others
    assert ben.session.worklists["de"].checks == {}
    assert kind(client, dismiss=False).json() == {"dismissed": []}
    assert page.session.worklists["de"].rows[0].clip_id == "v_2"


def test_agreement_is_of_the_same_texts_and_shown(page, client, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from multiyoucook2.quality.review.agreement import Agreement, agreements

    reviews = page.session.reviews
    for number, (one, other) in enumerate((("accept", "accept"), ("reject", "edit"), ("accept", "reject"))):
        key = (f"v_{number}", 0, "de")
        reviews.append("ana", said(one, key=key, seen=f"Text {number}"))
        reviews.append("ben", said(other, key=key, seen=f"Text {number}", text="besser" * (other == "edit")))
    reviews.append("ana", said("accept", key=("v_3", 0, "de"), seen="today's"))
    reviews.append("ben", said("reject", key=("v_3", 0, "de"), seen="yesterday's"))
    reviews.append("ben", said("dismiss", key=("*coverage", 0, "de")))
    # both yes once, both no once, ana alone once: 2/3 alike, 4/9 by chance
    (found,) = agreements(reviews, "de")
    assert found == Agreement("ana", "ben", 3, 2, pytest.approx(0.4))
    assert "ana and ben judge 2 of 3 rows alike, Cohen's kappa 0.40" in " ".join(client.get("/").text.split())
    assert agreements(reviews, "ja") == []


def act(client, number: int, action: str, text: str = ""):  # type: ignore[no-untyped-def]
    """An action on the German ``v_NUMBER``."""
    asked = {"clip_id": f"v_{number}", "caption_index": 0, "lang": "de", "seen": text_hash(f"Text {number}")}
    return client.post("/act", json={**asked, "action": action, "text": text}, headers=OURS)


def data(client, address: str, name: str = "row") -> dict[str, str]:  # type: ignore[no-untyped-def]
    """The ``data-`` values of an element of a page."""
    (found,) = re.findall(rf'<\w+ id="{name}"[^>]*>', client.get(address).text)
    return {key: html.unescape(value) for key, value in re.findall(r'data-([a-z]+)="([^"]*)"', found)}


def test_to_accept_confirms_what_is_shown(tmp_path: Path) -> None:
    """An edit is shown below the machine's text: to accept the row is to accept that, for whoever wrote it, too."""
    ana, ben = (client_of(page_of(tmp_path, name)) for name in ("ana", "ben"))
    assert act(ana, 2, "edit", "besser  als zuvor").json() == {"state": "edit"}
    shown = data(ben, "/")["edited"]  # ben's server was there before that edit
    assert shown == "besser als zuvor"
    assert act(ben, 2, "accept", shown).json() == {"state": "edit"}
    (found,) = Reviews(tmp_path).outcomes({("v_2", 0, "de"): "Text 2"}).values()
    assert (found.action, found.text, found.reviewer, found.disagree) == ("edit", shown, "ben", False)
    assert act(ana, 2, "accept", shown).json() == {"state": "edit"}
    assert act(ana, 2, "reject", shown).json() == {"state": "reject"}
    assert act(ana, 2, "undo").json() == {"state": "edit"}


@pytest.mark.parametrize("action", ["accept", "reject"])
def test_an_edit_that_was_not_seen_is_not_judged(action: str, tmp_path: Path) -> None:
    ana, ben = (client_of(page_of(tmp_path, name)) for name in ("ana", "ben"))
    before = data(ben, "/")["edited"]
    act(ana, 2, "edit", "besser")
    refused = act(ben, 2, action, before)
    assert refused.status_code == 409
    assert "somebody else has written" in refused.json()["error"]
    assert Reviews(tmp_path).reviewers() == ["ana"]


def test_an_edit_that_changes_nothing_is_no_persons_translation(tmp_path: Path) -> None:
    client = client_of(page_of(tmp_path, "ana"))
    assert act(client, 2, "edit", "besser").json() == {"state": "edit"}
    assert act(client, 2, "edit", " Text  2").json() == {"state": "accept"}  # the way back to the machine's


def test_a_translation_that_is_not_there_cannot_be_accepted(tmp_path: Path) -> None:
    from multiyoucook2.quality.review.session import Refused, Session
    from multiyoucook2.quality.review.worklist import ordered

    (row,) = [replace(row, text="") for row in worklist().rows if row.clip_id == "v_2"]
    session = Session({"de": ordered("de", [row])}, Reviews(tmp_path), "ana")
    with pytest.raises(Refused, match="no translation to accept"):
        session.act(row.key, text_hash(""), "accept", "")
    with pytest.raises(Refused, match="1 to 2000 characters"):
        session.act(row.key, text_hash(""), "edit", " ")
    session.act(row.key, text_hash(""), "edit", "besser")
    outcome = session.act(row.key, text_hash(""), "accept", "besser")
    assert outcome is not None
    assert outcome.action == "edit"


def test_rows_are_not_dismissed(tmp_path: Path) -> None:
    assert act(client_of(page_of(tmp_path, "ana")), 2, "dismiss").status_code == 400


@pytest.mark.parametrize("state", ["", "open", "reviewed", "disagree"])
def test_no_row_of_a_list_is_skipped(state: str, tmp_path: Path) -> None:
    """By ``data-next``, as the page's script goes, while each action changes what the filter leaves."""
    client = client_of(page_of(tmp_path, "ana"))
    if state in ("reviewed", "disagree"):
        for number in range(4):
            act(client, number, "accept")
    if state == "disagree":
        Reviews(tmp_path).append("ben", *(said("reject", key=(f"v_{n}", 0, "de"), seen=f"Text {n}") for n in range(4)))
        client = client_of(page_of(tmp_path, "ana"))
    address, gone = f"/?state={state}", []
    while address:
        row = data(client, address)
        gone.append(row["clip"])
        act(client, int(row["clip"][2:]), "undo" if state else "accept" if state == "open" else "reject")
        address = row["next"]
    assert gone == ["v_2", "v_0", "v_1", "v_3"]


def test_u_takes_back_what_was_done_last_wherever_it_is(tmp_path: Path) -> None:
    client = client_of(page_of(tmp_path, "ana"))
    row = data(client, "/?state=open")
    act(client, 2, "accept")
    act(client, 0, "reject")
    here = data(client, row["next"].replace("v_0", "v_1"))["here"]
    for clip in ("v_0", "v_2"):
        last = data(client, here, "last")
        assert last["clip"] == clip
        assert act(client, int(last["clip"][2:]), "undo").json() == {"state": "open"}
        here = last["address"]
        assert data(client, here)["clip"] == clip
    assert 'id="last"' not in client.get(here).text
    assert act(client, 2, "undo").status_code == 409  # nothing is left that could be taken back


def test_the_row_of_an_address_is_shown_even_if_the_filter_leaves_it_out(tmp_path: Path) -> None:
    client = client_of(page_of(tmp_path, "ana"))
    assert data(client, "/?state=reviewed&at=v_1+0")["clip"] == "v_1"
    assert data(client, "/?at=gone+0&n=3")["clip"] == "v_3"


def test_what_a_damaged_file_says_is_a_page(page, client, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    client.get(f"/?token={page.token}")
    act(client, 2, "accept")
    (tmp_path / "reviews/ben.jsonl").write_text("{}\n")
    answer = client.get("/")
    assert answer.status_code == 503
    assert "line 1 of " in answer.text
    assert "mend or remove that line" in answer.text
    size = (tmp_path / "reviews/ana.jsonl").stat().st_size
    assert act(client, 2, "reject").status_code == 507
    assert (tmp_path / "reviews/ana.jsonl").stat().st_size == size  # what was refused is not there
    (tmp_path / "reviews/ben.jsonl").unlink()
    assert act(client, 2, "reject").json() == {"state": "reject"}


def test_two_servers_in_one_browser(tmp_path: Path) -> None:
    """Browsers send the cookies of a host to all of its ports."""
    one = client_of(page_of(tmp_path / "a", "ana"), 8001)
    other = client_of(page_of(tmp_path / "b", "ana"), 8002)
    for folder in "ab":
        (tmp_path / folder).mkdir()
    both = {**one.cookies, **other.cookies}
    for client in (one, other):
        client.cookies.update(both)
        client.get("/?token=wrong")  # a link of somebody else's changes nothing
        assert act(client, 2, "accept").status_code == 200


def test_other_languages_than_those_loaded_are_shown(tmp_path: Path) -> None:
    text = client_of(page_of(tmp_path, "ana", ("de",))).get("/").text
    assert '<dt>Chinese</dt><dd lang="zh"><bdi>Text 2 zh</bdi></dd>' in text
    assert '<dt>Japanese</dt><dd lang="ja"><bdi>Text 2 ja</bdi></dd>' in text
    assert "Text 2 de" not in text


def test_a_name_that_no_file_can_have_fails_at_once(mycook: MyCook) -> None:
    found = mycook("review", "nowhere", "--reviewer", "Ana B", code=1)
    assert found.stderr.startswith("error: a reviewer cannot be called 'Ana B'")
