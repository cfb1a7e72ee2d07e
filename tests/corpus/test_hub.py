"""Pushing, end to end: the real client against a loopback Hub, and ``load_dataset`` from there."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import FAST, MyCook

from multiyoucook2.building.opening import open_build
from multiyoucook2.building.worklists import open_worklists
from multiyoucook2.files import json_bytes
from multiyoucook2.quality.review.overlay import Action, Reviews, said_now, text_hash

from .hub_server import Hub, Repository, hub

READER = """
import json, sys
from datasets import load_dataset
data = load_dataset(sys.argv[1], "de")
stream = load_dataset(sys.argv[1], "all", split="validation", streaming=True)
print(json.dumps({"rows": {split: data[split].num_rows for split in data}, "first": next(iter(stream))}))
"""


BUILD = ("--recipe", FAST, "--offline", "--langs", "de", "--limit", 40, "--out", "out")


@pytest.fixture
def server() -> Iterator[Hub]:
    with hub() as running:
        yield running


@pytest.fixture
def dataset(mycook: MyCook, tiny_model: Path, tmp_path: Path) -> Path:
    mycook("build", *BUILD, "--engine", tiny_model)
    return tmp_path / "out/dataset"


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def pushed(folder: Path, repo: str) -> dict[str, bytes]:
    """What a repository must hold: the folder's files, but for the card's example and its line in the manifest."""
    files = contents(folder)
    card = files["README.md"].replace(b'load_dataset("PATH", ', f'load_dataset("{repo}", '.encode())
    assert card != files["README.md"]
    manifest = json.loads(files["manifest.json"])
    manifest["files"]["README.md"] = {"bytes": len(card), "sha256": hashlib.sha256(card).hexdigest()}
    return files | {"README.md": card, "manifest.json": json_bytes(manifest)}


def test_a_build_is_exported_as_its_data_set(dataset: Path, mycook: MyCook, tmp_path: Path) -> None:
    mycook("export", dataset.parent, "--to", "tsv")
    mycook("export", dataset, "--to", "tsv", "--out", "other.tsv", "--langs", "all")  # of this data set
    assert (tmp_path / "captions.tsv").read_bytes() == (tmp_path / "other.tsv").read_bytes()


def test_a_push_is_one_commit_that_load_dataset_reads(
    server: Hub, dataset: Path, mycook: MyCook, environment: dict[str, str], tmp_path: Path
) -> None:
    settings = {"HF_ENDPOINT": server.url, "HF_TOKEN": server.token, "HF_HUB_DISABLE_XET": "1"}
    done = mycook("publish", dataset, "--repo", "me/cooking", "--private", "--anyway", "--json", **settings)
    found = json.loads(done.stdout)
    about = json.loads((dataset / "multiyoucook2.json").read_text())
    repository = server.repositories["me/cooking"]
    assert repository.private
    assert [commit["summary"] for commit in repository.commits] == [f"mini {about['content_hash'][:12]}"]
    assert repository.files == pushed(dataset, "me/cooking")
    assert (found["files"], found["deleted"]) == (len(contents(dataset)), [])
    assert found["content_hash"] == about["content_hash"]
    assert found["url"] == f"{server.url}/datasets/me/cooking/commit/{repository.sha}"

    reader = tmp_path / "reader.py"
    reader.write_text(READER)
    read = subprocess.run(
        [sys.executable, str(reader), "me/cooking"],
        cwd=tmp_path,
        env=environment | settings | {"PYTHONPATH": "", "HF_HOME": str(tmp_path / "hf")},
        capture_output=True,
        text=True,
    )
    assert read.returncode == 0, read.stderr
    loaded = json.loads(read.stdout)
    assert sum(loaded["rows"].values()) == 40
    assert set(loaded["first"]["captions"]) == {"de", "en"}

    repository.files["cs/train.parquet"] = b"of an earlier push"
    repository.files["notes.txt"] = b"somebody's own"
    repository.files["extra/table.v1.parquet"] = b"somebody's own"
    mycook("publish", dataset, "--repo", "me/cooking", "--anyway", **settings)
    assert len(repository.commits) == 2
    assert repository.files == pushed(dataset, "me/cooking") | {
        "notes.txt": b"somebody's own",
        "extra/table.v1.parquet": b"somebody's own",
    }

    repository.files["cs/train.parquet"] = b"of an earlier push"  # without any change the client makes no commit
    pull = json.loads(
        mycook("publish", dataset, "--repo", "me/cooking", "--anyway", "--create-pr", "--json", **settings).stdout
    )
    assert (len(repository.commits), len(repository.pull_requests)) == (2, 1)
    assert pull["url"] == f"{server.url}/datasets/me/cooking/discussions/1"


@pytest.mark.parametrize("file", ["README.md", "de/train.parquet", "multiyoucook2.json"])
def test_a_damaged_data_set_is_not_pushed(server: Hub, dataset: Path, mycook: MyCook, file: str) -> None:
    settings = {"HF_ENDPOINT": server.url, "HF_TOKEN": server.token, "HF_HUB_DISABLE_XET": "1"}
    whole = (dataset / file).read_bytes()
    flipped = bytes([*whole[:-3], whole[-3] ^ 1, *whole[-2:]])
    for content in (flipped, whole[:-1], b"", None):
        (dataset / file).unlink(missing_ok=True)
        if content is not None:
            (dataset / file).write_bytes(content)
        refused = mycook("publish", dataset, "--repo", "me/cooking", code=1, **settings).stderr
        assert file in refused or (file == "multiyoucook2.json" and "no data set of ours" in refused)
    (dataset / file).write_bytes(whole)
    (dataset / "notes").mkdir()
    (dataset / "notes/thesis.txt").write_text("not for the world")
    refused = mycook("publish", dataset, "--repo", "me/cooking", code=1, **settings).stderr
    assert "notes/thesis.txt in it is not ours" in refused
    assert not server.repositories


def test_a_password_in_the_address_is_not_shown(dataset: Path, mycook: MyCook) -> None:
    settings = {"HF_ENDPOINT": "http://me:secret@127.0.0.1:9", "HF_TOKEN": "hf_x"}
    said = mycook("publish", dataset, "--repo", "me/x", "--anyway", code=1, **settings)
    assert "does not answer" in said.stderr
    assert "secret" not in said.stdout + said.stderr
    said = mycook("doctor", code=1, **settings)
    assert "secret" not in said.stdout + said.stderr
    said = mycook("doctor", "--json", code=1, **settings)
    assert "secret" not in said.stdout + said.stderr


def test_refusals_are_a_line_and_a_hint(server: Hub, dataset: Path, mycook: MyCook) -> None:
    settings = {"HF_ENDPOINT": server.url, "HF_TOKEN": "hf_wrong"}
    refused = mycook("publish", dataset, "--repo", "me/cooking", "--anyway", code=1, **settings).stderr
    assert "error: the Hub refused: " in refused
    assert "hf auth login" in refused
    assert (
        "'a/b/c' is no repository name"
        in mycook("publish", dataset, "--repo", "a/b/c", "--anyway", code=1, **settings).stderr
    )
    gone = mycook(
        "publish", dataset, "--repo", "me/x", "--anyway", code=1, HF_ENDPOINT="http://127.0.0.1:9", HF_TOKEN="hf_x"
    ).stderr
    assert "error: the Hub does not answer" in gone
    assert not server.repositories


def settings_of(server: Hub) -> dict[str, str]:
    return {"HF_ENDPOINT": server.url, "HF_TOKEN": server.token, "HF_HUB_DISABLE_XET": "1"}


def test_a_failing_report_is_refused_until_people_have_mended_it(
    server: Hub, dataset: Path, mycook: MyCook, tiny_model: Path
) -> None:
    about = json.loads((dataset / "multiyoucook2.json").read_text())
    assert about["failing"], "random translations should fail"
    refused = mycook("publish", dataset, "--repo", "me/cooking", code=1, **settings_of(server)).stderr
    assert about["failing"][0] in refused
    assert "--anyway" in refused
    assert not server.repositories
    assert about["failing"][0].replace("%", "") in (dataset / "README.md").read_text().replace("%", "")

    reviews, refused_rows = Reviews(dataset.parent), 0
    for row in open_worklists(open_build(dataset.parent))["de"].rows:
        if any(flag.refuses for flag in row.flags):
            refused_rows += 1
            mend: tuple[Action, str] = (
                ("accept", "") if row.text and refused_rows % 2 else ("edit", "die Zwiebeln schneiden")
            )
            reviews.append("ana", said_now(row.key, text_hash(row.text), *mend))
    assert refused_rows > 8  # of 40, more than a fifth
    asked = "publish", dataset, "--repo", "me/cooking"
    waiting = "reviews have changed since it was built"
    assert f"is not pushed: {waiting}; de: " in mycook(*asked, code=1, **settings_of(server)).stderr
    assert json.loads(mycook(*asked, "--dry-run", "--json", **settings_of(server)).stdout)["failing"][0] == waiting
    mycook("build", *BUILD, "--engine", tiny_model)
    mycook(*asked, **settings_of(server))
    pushed_about = json.loads(server.repositories["me/cooking"].files["multiyoucook2.json"])
    assert pushed_about["failing"] == []
    rows = [row for path in sorted(dataset.glob("de/*.parquet")) for row in pq.read_table(path).to_pylist()]
    assert all(row["accepted"] for row in rows)
    assert sum(row["reviewed"] for row in rows) == refused_rows
    text = (dataset / "README.md").read_text()
    assert "| German (de) | 40 | 40 | 0 |" in text
    assert f"Reviewed by people: German {refused_rows} rows." in text


def test_a_dry_run_says_what_would_change(server: Hub, dataset: Path, mycook: MyCook) -> None:
    arguments = "publish", dataset, "--repo", "me/cooking"
    first = json.loads(mycook(*arguments, "--dry-run", "--json", **settings_of(server)).stdout)
    assert (first["exists"], first["changed"], first["deleted"]) == (False, [], [])
    assert set(first["new"]) == set(contents(dataset))
    assert first["failing"]
    assert not server.repositories
    server.repositories["me/cooking"] = Repository(private=False)  # there, and empty
    empty = json.loads(mycook(*arguments, "--dry-run", "--json", **settings_of(server)).stdout)
    assert (empty.pop("exists"), first.pop("exists")) == (True, False)
    assert empty == first

    mycook(*arguments, "--anyway", **settings_of(server))
    same = json.loads(mycook(*arguments, "--dry-run", "--json", **settings_of(server)).stdout)
    assert (same["new"], same["changed"], same["unchanged"]) == ([], [], len(contents(dataset)))

    repository = server.repositories["me/cooking"]
    name = next(path for path in repository.files if path.startswith("de/"))
    rows = pq.read_table(pa.BufferReader(repository.files[name])).to_pylist()
    kept = [row | {"accepted": not row["accepted"]} if n == 0 else row for n, row in enumerate(rows[:-2])]
    kept[1] = kept[1] | {"caption": "anders"}
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(kept), sink)
    repository.files[name] = sink.getvalue().to_pybytes()
    repository.files["cs/train.parquet"] = b"of an earlier push"
    repository.files["README.md"] = repository.files["README.md"].replace(b"# Multi", b"# Old \x1b[31m Multi")
    asked = len(server.asked)
    changed = json.loads(mycook(*arguments, "--dry-run", "--json", **settings_of(server)).stdout)
    assert changed["rows"] == {name: {"new": 2, "gone": 0, "caption": 1, "accepted": 1}}
    assert (changed["changed"], changed["deleted"]) == (["README.md", name], ["cs/train.parquet"])
    assert any(line.startswith("-# Old \\x1b[31m Multi") for line in changed["card"])
    said = mycook(*arguments, "--dry-run", **settings_of(server)).stdout
    assert f"changed  {name}: rows 2 new, 1 with another caption, 1 accepted or refused" in said
    assert "\x1b" not in said
    assert not [line for line in server.asked[asked:] if line.startswith("POST") and "commit" in line]


def test_what_is_to_be_private_goes_into_no_public_repository(server: Hub, dataset: Path, mycook: MyCook) -> None:
    """The Hub answers that the repository is there, and leaves it public."""
    asked = "publish", dataset, "--repo", "me/cooking", "--private"
    said = mycook(*asked, "--dry-run", **settings_of(server)).stdout
    assert "me/cooking: would be made, private; 0 files unchanged" in said
    repository = server.repositories["me/cooking"] = Repository(private=False)
    for how in ("--dry-run", "--anyway"):
        refused = mycook(*asked, how, code=1, **settings_of(server)).stderr
        assert "error: me/cooking is there already, and public" in refused
    assert repository.commits == []


@pytest.mark.parametrize(
    "faults",
    [
        [("/commit/", 429), ("/commit/", 503), ("/repos/create", 502)],
        [("/preupload/", "drop"), ("/commit/", "drop")],
        [("/commit/", "deaf")],
        [("/tree/", 500), ("/api/datasets/me/cooking", "drop")],
    ],
    ids=["busy", "dropped in the upload", "done and not answered", "while looking"],
)
def test_a_hub_that_fails_for_a_while_has_it_once(
    faults: list[tuple[str, int | str]], server: Hub, dataset: Path, mycook: MyCook
) -> None:
    server.faults = list(faults)
    mycook("publish", dataset, "--repo", "me/cooking", "--anyway", **settings_of(server))
    repository = server.repositories["me/cooking"]
    assert server.faults == []
    assert repository.files == pushed(dataset, "me/cooking")
    assert len(repository.commits) == 1


def test_what_somebody_else_pushed_meanwhile_is_looked_at_again(server: Hub, dataset: Path, mycook: MyCook) -> None:
    mycook("publish", dataset, "--repo", "me/cooking", "--anyway", **settings_of(server))
    repository = server.repositories["me/cooking"]
    repository.files["cs/train.parquet"] = b"of an earlier push"
    server.faults = [("/commit/", 412)]
    mycook("publish", dataset, "--repo", "me/cooking", "--anyway", **settings_of(server))
    assert "cs/train.parquet" not in repository.files
    assert len([line for line in server.asked if "/commit/" in line]) == 3


def test_a_hub_that_goes_on_failing_is_a_line_and_a_hint(server: Hub, dataset: Path, mycook: MyCook) -> None:
    server.faults = [("/commit/", 503)] * 20
    refused = mycook("publish", dataset, "--repo", "me/cooking", "--anyway", code=1, **settings_of(server)).stderr
    assert "error: the Hub refused: " in refused
    assert "push again later" in refused
    assert not server.repositories["me/cooking"].files
