"""``mycook check``: any pairs, from a file, alone or by a published data set's alignment."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiyoucook2.errors import DatasetError, MyCookError
from multiyoucook2.quality import pairfile
from multiyoucook2.quality.pairfile import check_pairs, read_pair_file
from multiyoucook2.quality.pairs import published_pairs
from multiyoucook2.quality.settings import Checks
from tests.conftest import MyCook
from tests.quality.test_signals import corpus

GOOD = ("chop the onions and leeks", "Zwiebeln und Lauch hacken")
BAD = ("chop the onions and leeks", "Zwiebeln und Zwiebeln hacken")


def pair_file(folder: Path, *pairs: tuple[str, str], header: str = "source\ttranslation") -> Path:
    path = folder / "pairs.tsv"
    path.write_text("\n".join([header, *("\t".join(pair) for pair in pairs)]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A build folder with a published data set of the small corpus, and a pair that is wrong."""
    pairs = [*corpus(), BAD]
    columns = {"caption_en": [english for english, _ in pairs], "caption": [german for _, german in pairs]}
    table = pa.table({"clip_id": [f"v_{n}" for n in range(len(pairs))], **columns})
    (tmp_path / "build" / "dataset" / "de").mkdir(parents=True)
    pq.write_table(table, tmp_path / "build" / "dataset" / "de" / "train.parquet")
    return tmp_path / "build"


def test_the_wrong_pair_is_refused_and_the_right_one_accepted(build: Path) -> None:
    found = check_pairs([GOOD, BAD], "de", like=build, settings=Checks(min_quality=0.5, uncalibrated=True))
    assert [row.accepted for row in found.rows] == [True, False]
    assert found.rows[0].quality > 0.5 > found.rows[1].quality
    assert {one.check for one in found.rows[1].checks} >= {"coverage", "repeated", "quality"}
    assert not found.calibrated  # so few rows


def test_what_is_uncalibrated_refuses_nothing_by_quality_unless_asked(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows' engine, the language and the number of rows all count."""
    monkeypatch.setattr(pairfile, "sound_pairs", lambda lang, english: [])
    file = build / "dataset" / "de" / "train.parquet"
    table = pq.read_table(file)

    def accepted(engine: str, rows: int = 1, **settings: bool) -> list[bool]:
        pq.write_table(table.append_column("engine", pa.array([engine] * table.num_rows)), file)
        monkeypatch.setattr("multiyoucook2.quality.estimation.ENOUGH_ROWS", rows)
        found = check_pairs([GOOD, BAD], "de", like=build, settings=Checks(min_quality=0.5, **settings))
        assert found.calibrated == (engine == "mini" and rows == 1)
        return [row.accepted for row in found.rows]

    assert accepted("mini") == [True, False]
    assert accepted("opus-mt") == accepted("mini", rows=10_000) == [True, True]
    assert accepted("opus-mt", uncalibrated=True) == [True, False]
    engines = ["sound.tsv", *["mini"] * (table.num_rows - 1)]  # a row that a second engine has mended
    pq.write_table(table.append_column("engine", pa.array(engines)), file)
    monkeypatch.setattr("multiyoucook2.quality.estimation.ENOUGH_ROWS", 1)
    assert check_pairs([GOOD, BAD], "de", like=build, settings=Checks(min_quality=0.5)).calibrated


def test_the_command_prints_rows_in_the_files_order(tmp_path: Path, build: Path, mycook: MyCook) -> None:
    path = pair_file(tmp_path, BAD, GOOD, ("add 3 leeks", "Lauch hinzufügen"))
    done = mycook("check", str(path), "--lang", "de", "--like", str(build), "--json")
    rows = json.loads(done.stdout)["rows"]
    assert [sorted(row) for row in rows] == [["accepted", "checks", "quality"]] * 3
    assert rows[1]["quality"] > rows[0]["quality"]
    assert rows[2]["quality"] == 0
    assert [one["check"] for one in rows[2]["checks"] if one["severity"] == "reject"] == ["numbers"]
    table = mycook("check", str(path), "--lang", "de", "--like", str(build))
    assert "no counterpart of leeks" in " ".join(table.stdout.split())


def test_the_builds_own_thresholds_count(tmp_path: Path, build: Path, mycook: MyCook) -> None:
    """As ``mycook build`` leaves them in its folder; and a quality that is asked for is estimated in any case."""
    values = "source: mini\nlanguages: de\nengine: mini\npublication: {pretty_name: x}\n"
    (build / "build.json").write_text('{"recipe": "recipe"}')
    (build / "recipe.yaml").write_text(
        values + "checks: {numbers: false, alignment: false, agreement: mini, min_score: -1}\n"
    )
    path = pair_file(tmp_path, ("add 3 leeks", "Lauch hinzufügen"), BAD)
    done = mycook("check", path, "--lang", "de", "--like", build)
    assert "2 of 2 accepted; quality is not estimated" in done.stdout
    assert done.stderr.splitlines() == [
        "note: the build's checks by another engine (agreement, round_trip) are left out",
        "note: pairs have no engine's score: the build's min_score is left out",
    ]
    asked = mycook("check", path, "--lang", "de", "--like", build, "--min-quality", 0.5, "--json")
    assert [row["accepted"] for row in json.loads(asked.stdout)["rows"]] == [True, False]
    (build / "recipe.yaml").write_text(values + "checks: {number: false}\n")
    assert "recipe.yaml" in mycook("check", path, "--lang", "de", "--like", build, code=1).stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"source\ttext\na\tb\n", "no column 'translation'"),
        (b"", "no column 'source'"),
        (b"source\ttranslation\na\tb\nc\n", "line 3: 1 fields instead of 2"),
        (b"source\ttranslation\n\xff\tb\n", "not UTF-8"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        read_pair_file(path)


def test_other_columns_and_a_bom_are_no_matter(tmp_path: Path) -> None:
    path = pair_file(tmp_path, ("1", "hacken", "chop"), header="\ufeffid\ttranslation\tsource")
    assert read_pair_file(path) == [("chop", "hacken")]


def test_empty_cells_that_a_spreadsheet_adds_are_nothing(tmp_path: Path) -> None:
    assert read_pair_file(pair_file(tmp_path, ("chop", "hacken", "", " "), ("mix", "mischen"))) == [
        ("chop", "hacken"),
        ("mix", "mischen"),
    ]


def test_like_names_the_languages_that_are_there(build: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no published rows in ja") as caught:
        published_pairs(build, "ja")
    assert "de" in str(caught.value.hint)
    with pytest.raises(MyCookError):
        published_pairs(tmp_path / "nowhere", "de")
    pq.write_table(pa.table({"clip_id": ["v_0"]}), build / "dataset" / "de" / "train.parquet")
    with pytest.raises(DatasetError, match="no column 'caption_en'"):
        published_pairs(build, "de")


def test_every_caption_of_a_clip_teaches(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten captions a clip; real translations by hand are those of a clip's first."""
    file = build / "dataset" / "de" / "train.parquet"
    table = pq.read_table(file)
    clips, indices = [f"v_{n // 10}" for n in range(table.num_rows)], [n % 10 for n in range(table.num_rows)]
    table = table.set_column(0, "clip_id", pa.array(clips)).append_column("caption_index", pa.array(indices))
    pq.write_table(table, file)
    pairs = published_pairs(build, "de")
    assert len(pairs) == table.num_rows
    assert pairs["v_1", 3] == corpus()[13]
    given: list[Mapping[str, str]] = []
    monkeypatch.setattr(pairfile, "sound_pairs", lambda lang, english: given.append(english) or [])
    check_pairs([GOOD], "de", like=build)
    assert given == [{f"v_{n // 10}": english for n, (english, _) in enumerate([*corpus(), BAD]) if n % 10 == 0}]


def test_rows_without_english_teach_nothing(build: Path) -> None:
    """Such as those of a data set in which people wrote other captions."""
    file = build / "dataset" / "de" / "train.parquet"
    table = pq.read_table(file)
    english = [None, "", *table["caption_en"].to_pylist()[2:]]
    pq.write_table(table.set_column(1, "caption_en", pa.array(english)), file)
    assert len(published_pairs(build, "de")) == table.num_rows - 2
    assert check_pairs([GOOD], "de", like=build).rows[0].accepted
    pq.write_table(table.set_column(1, "caption_en", pa.nulls(table.num_rows)), file)
    with pytest.raises(DatasetError, match=r"no row of .* in de has a caption in English and its translation"):
        check_pairs([GOOD], "de", like=build)
    file.write_bytes(b"PAR1 and no more")
    with pytest.raises(DatasetError, match=r"train\.parquet is damaged"):
        check_pairs([GOOD], "de", like=build)


@given(st.binary(max_size=200))
def test_no_file_is_our_mistake(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    path.write_bytes(b"source\ttranslation\n" + content)
    with suppress(DatasetError):
        assert all(len(pair) == 2 for pair in read_pair_file(path))
