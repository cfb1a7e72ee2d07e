"""The files of reviews: what a crash leaves of them, and reviews as CSV."""

import csv
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multiyoucook2.errors import WorkspaceError
from multiyoucook2.quality.review.exchange import COLUMNS, export_csv, import_csv
from multiyoucook2.quality.review.overlay import Reviews
from tests.quality.test_review import outcome, said


@pytest.mark.parametrize("name", ["../ana", "", "a b", ".hidden", "x" * 41, "a/b"])
def test_names_are_file_names(name: str, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="a reviewer cannot be called"):
        Reviews(tmp_path).append(name, said("accept"))
    assert not list(tmp_path.iterdir())


def test_a_killed_write_loses_its_own_line_alone(tmp_path: Path) -> None:
    """Wherever a line was cut, amid a character too: it counts for nothing, and the next action takes its place."""
    reviews, path = Reviews(tmp_path), tmp_path / "reviews/ana.jsonl"
    reviews.append("ana", said("edit", text="玉ねぎを切る"))
    whole = path.read_bytes()
    reviews.append("ana", said("edit", at=5, text="玉ねぎを刻む"))
    torn, known = path.read_bytes()[len(whole) :], reviews.content_hash()
    path.write_bytes(whole)
    assert reviews.content_hash() != known
    known = reviews.content_hash()
    for cut in [*range(1, 40, 7), *range(torn.index(b"text"), len(torn))]:
        path.write_bytes(whole)
        reviews = Reviews(tmp_path)
        assert outcome(reviews) == ("edit", "玉ねぎを切る", "ana", False, False)
        path.write_bytes(whole + torn[:cut])
        for read in (reviews, Reviews(tmp_path)):
            assert outcome(read) == ("edit", "玉ねぎを切る", "ana", False, False)
            assert [one.text for one in read.lines("ana")] == ["玉ねぎを切る"]
        assert reviews.content_hash() == known  # nothing was said: a build has nothing to do
        reviews.append("ana", said("reject", at=6))
        for read in (reviews, Reviews(tmp_path)):
            assert outcome(read) == ("reject", "", "ana", False, False)
        assert len(path.read_bytes().splitlines()) == 2


def test_a_line_that_is_none_is_named(tmp_path: Path) -> None:
    reviews, path = Reviews(tmp_path), tmp_path / "reviews/ana.jsonl"
    reviews.append("ana", said("accept"), said("reject", at=2))
    for wrong in (b'{"time": 3, "clip\n', b'"\xe7\x8e\n', b"[]\n"):
        path.write_bytes(path.read_bytes() + wrong)
        for _ in range(2):  # nothing of it was kept by the first time
            with pytest.raises(WorkspaceError, match=r"line 3 of .*ana\.jsonl is damaged"):
                outcome(reviews)
        path.write_bytes(path.read_bytes()[: -len(wrong)])
        assert outcome(reviews) == ("reject", "", "ana", False, False)


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


def test_a_full_disk_is_told_and_harms_nothing(tmp_path: Path) -> None:
    """A process that may write 300 bytes a file, as on a disk with so much left."""
    import resource
    import subprocess
    import sys

    code = (
        "from multiyoucook2.quality.review.overlay import Reviews, said_now; from pathlib import Path; import sys\n"
        "from multiyoucook2.errors import WorkspaceError\n"
        "reviews = Reviews(Path(sys.argv[1]))\n"
        "try:\n"
        "    for n in range(9): reviews.append('ana', said_now(('v_0', 0, 'de'), 'x', 'edit', f'切る{n}'))\n"
        "except WorkspaceError as error:\n"
        "    print(n, error)\n"
    )

    def limit() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))

    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True, preexec_fn=limit
    )
    assert "cannot be written: File too large" in done.stdout
    written, reviews = int(done.stdout.split()[0]), Reviews(tmp_path)
    assert not (tmp_path / "reviews/ana.jsonl").read_bytes().endswith(b"\n")
    assert len(list(reviews.lines("ana"))) == written == 2
    reviews.append("ana", said("accept"))
    assert len(list(reviews.lines("ana"))) == 3


@settings(max_examples=25)  # each waits for the disk
@given(st.lists(st.tuples(st.sampled_from(["accept", "edit", "reject"]), st.text(min_size=1, max_size=30)), max_size=8))
def test_csv_there_and_back(actions: list[tuple[str, str]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        here, there, path = Reviews(Path(scratch) / "a"), Reviews(Path(scratch) / "b"), Path(scratch) / "x.csv"
        for folder in (here, there):
            folder.folder.parent.mkdir()
        for number, (action, text) in enumerate(actions):
            kept = text.encode("utf-8", "ignore").decode().strip() or "besser"
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


def table(path: Path, *rows: tuple[object, ...]) -> Path:
    """A CSV of reviews: time, action and text of each, the reviewer where it is not ana."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for time, action, text, *reviewer in rows:
            writer.writerow([*(reviewer or ["ana"]), time, "v_0", 0, "de", said("accept").seen, action, text])
    return path


def test_empty_cells_that_a_spreadsheet_adds_are_nothing(tmp_path: Path) -> None:
    path = table(tmp_path / "x.csv", (1, "accept", ""), (2, "edit", "besser"))
    path.write_text("".join(f"{line},,\n" for line in path.read_text().splitlines()))
    assert import_csv(Reviews(tmp_path), path) == 2


def test_a_spreadsheet_may_write_semicolons(tmp_path: Path) -> None:
    path = table(tmp_path / "x.csv", (1, "accept", ""), (2, "edit", "heiß"))
    path.write_text(path.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")
    assert import_csv(reviews := Reviews(tmp_path), path) == 2
    assert outcome(reviews) == ("edit", "heiß", "ana", False, False)


def test_older_reviews_override_nothing(tmp_path: Path) -> None:
    reviews = Reviews(tmp_path)
    reviews.append("ana", said("edit", at=9, text="besser"))
    assert import_csv(reviews, table(tmp_path / "x.csv", (1, "reject", ""), (2, "undo", ""))) == 2
    for read in (reviews, Reviews(tmp_path)):
        assert outcome(read) == ("edit", "besser", "ana", False, False)
    reviews.append("ana", said("undo", at=10))  # takes the edit back, not what was taken back long before
    assert outcome(reviews) is None


def test_what_is_said_now_holds_whatever_the_clocks_say(tmp_path: Path) -> None:
    reviews = Reviews(tmp_path)
    reviews.append("ben", said("reject", at=1e11))  # by a clock that is far ahead
    held = said("accept")
    reviews.say("ana", held.key, held.seen, "accept")
    assert outcome(reviews) == ("accept", "", "ana", True, False)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((2, "edit", ""), "a translation has 1 to 2000 characters"),
        ((2, "edit", "  "), "a translation has 1 to 2000 characters"),
        ((2, "edit", "x" * 2001), "a translation has 1 to 2000 characters"),
        ((2, "reject", "x"), "there is no new text to reject"),
        ((2, "dismiss", ""), "flags are dismissed as a kind"),
        ((2, "accept", "", "a b"), "a reviewer cannot be called 'a b'"),
        ((2, "accept", "", "../ana"), "a reviewer cannot be called"),
        ((2, "edit", "x" * 131_073), "field larger than field limit"),
        (("inf", "accept", ""), "time: Input should be a finite number"),
    ],
)
def test_one_wrong_row_and_nothing_is_added(
    row: tuple[object, ...], reason: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(partial(csv.field_size_limit, csv.field_size_limit(131_072)))  # a process's own default
    path = table(tmp_path / "x.csv", (1, "accept", ""), row)
    with pytest.raises(WorkspaceError, match=rf"line 3 of .*x\.csv is no review: .*{reason}"):
        import_csv(Reviews(tmp_path), path)
    assert not (tmp_path / "reviews").exists()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ana,2,v_0,0,de,abc,edit,one, two", "9 fields instead of 8"),
        ("ana,2,v_0,0,de,abc", "6 fields instead of 8"),
        ('ana,2,v_0,0,de,abc,edit,"never closed', "unexpected end of data"),
    ],
)
def test_a_line_that_was_torn_apart_is_no_review(line: str, reason: str, tmp_path: Path) -> None:
    path = table(tmp_path / "x.csv", (1, "accept", ""))
    path.write_text(path.read_text(encoding="utf-8") + line, encoding="utf-8")
    with pytest.raises(WorkspaceError, match=reason):
        import_csv(Reviews(tmp_path), path)
    assert not (tmp_path / "reviews").exists()
