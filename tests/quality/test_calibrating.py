"""``mycook validate BUILD --calibrate``: marks of a build's rows move its quality, and stay in its folder."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from multiyoucook2.building import calibrating
from multiyoucook2.building.api import build
from multiyoucook2.building.checking import quality_of
from multiyoucook2.building.opening import open_build, validate_again
from multiyoucook2.building.reviewing import changed_since
from multiyoucook2.errors import DatasetError, WorkspaceError
from multiyoucook2.progress import Silent
from multiyoucook2.quality.estimation import SIGNALS, Calibration, calibration_of, probability_kept, shipped
from multiyoucook2.quality.fitting import Discrimination, Marked, quality_odds, refit, unseen_odds
from multiyoucook2.quality.marks import Mark, read_marks
from multiyoucook2.quality.pairs import published_pairs
from multiyoucook2.quality.review.overlay import Reviews, said_now, text_hash
from tests.conftest import FAST, ROOT, MyCook
from tests.sources.writing import write_csv, write_pickle

CLIPS = 24
REFERENCES = ROOT / "pipelines" / "mini_nmt" / "references" / "de.tsv"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """A build by a random model."""
    out = tmp_path_factory.mktemp("made") / "out"
    overrides = {"checks": {"alignment": True}}
    build(str(FAST), engine=str(tiny_model), langs="de", limit=CLIPS, offline=True, out=out, overrides=overrides)
    return out


def marks_of(build: Path) -> list[tuple[str, str, str]]:
    """(clip, text, kept): sound translations of half of the clips, what the random model said of the others."""
    with REFERENCES.open(encoding="utf-8", newline="") as file:
        sound = {row["clip_id"]: row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    clips = sorted(clip for clip, _ in published_pairs(build, "de"))
    return [(clip, sound[clip], "yes") if n % 2 else (clip, "", "no") for n, clip in enumerate(clips)]


def stage_key(build: Path) -> str:
    manifest = json.loads((build / "manifests" / "validate-de.json").read_text(encoding="utf-8"))
    return str(manifest["key"])


def write_marks(path: Path, rows: list[tuple[str, str, str]], separator: str = "\t") -> Path:
    lines = [separator.join(row) for row in [("clip_id", "text", "kept"), *rows]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_marks_are_fitted_kept_and_used(made: Path, tmp_path: Path, mycook: MyCook) -> None:
    path, key = write_marks(tmp_path / "marks.tsv", marks_of(made)), stage_key(made)
    found = json.loads(mycook("validate", made, "--calibrate", path, "--json").stdout)
    before, after = (found["calibration"]["de"][when] for when in ("before", "after"))
    assert (after["rows"], after["wrong"]) == (CLIPS, CLIPS // 2)
    assert min(before["auc"], after["auc"]) > 0.9
    own = calibration_of(made)
    assert len(own.engines) == 1
    assert own != shipped()
    assert own.known("de", own.engines, 5000).all()
    assert not own.known("fr", own.engines, 5000).any(), "the marks say nothing of French by this engine"
    before_it, with_it = key, stage_key(made)
    assert with_it != before_it, "the validation is done again by the new calibration"
    (made / "calibration.json").unlink()
    mycook("validate", made, "--json")
    assert stage_key(made) == before_it


def test_what_cannot_be_fitted_is_one_clear_line(made: Path, tmp_path: Path, mycook: MyCook) -> None:
    rows = marks_of(made)
    few = write_marks(tmp_path / "few.tsv", rows[:5])
    assert "marks 2 rows as kept and 3 as not" in mycook("validate", made, "--calibrate", few, code=1).stderr
    other = write_marks(tmp_path / "other.tsv", [*rows, ("nowhere_1", "", "no")])
    assert "nowhere_1 is no clip" in mycook("validate", made, "--calibrate", other, code=1).stderr
    assert "--calibrate wants a build" in mycook("validate", "--calibrate", few, code=1).stderr
    assert not (made / "calibration.json").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("clip_id\ttext\n", "no column 'kept'"),
        ("clip_id\tkept\na\tperhaps\n", "line 2: kept is 'perhaps'"),
        ("clip_id\tkept\tlang\na\tyes\tja\n", "line 2: 'ja' is no language of this build"),
        ("clip_id\tkept\tcaption_index\na\tyes\tx\n", "line 2: caption_index is 'x'"),
        ("clip_id,kept,text\na,yes,Salz, Pfeffer\n", "line 2: 4 fields instead of 3"),
        ("clip_id\ttext\tkept\na\tSalz\n", "line 2: 2 fields instead of 3"),
    ],
)
def test_bad_marks_name_their_row(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "marks.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DatasetError, match=message):
        read_marks(path, ["de"])


def test_marks_of_several_languages_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text('clip_id,lang,kept,text\na,German,YES,"x, y"\nb,fr,0,\n', encoding="utf-8")
    assert read_marks(path, ["de", "fr"]) == [Mark("a", 0, "de", "x, y", True), Mark("b", 0, "fr", None, False)]
    path.write_text("clip_id,lang,kept\na,de,yes\nb,,no\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="line 3: unknown language ''"):  # and not the first of the build's
        read_marks(path, ["de", "fr"])
    with pytest.raises(DatasetError, match="no column 'lang'"):
        read_marks(write_marks(tmp_path / "m.tsv", [("a", "", "yes")]), ["de", "fr"])


def test_empty_cells_that_a_spreadsheet_adds_are_nothing(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    for text in ("clip_id,kept,text\na,yes,x,\nb,no,,,\n", "clip_id,kept,text,,\na,yes,x\nb,no,, ,\n"):
        for content in (text, text.replace(",", "\t")):
            path.write_text(content)
            assert read_marks(path, ["de"]) == [Mark("a", 0, "de", "x", True), Mark("b", 0, "de", None, False)]


def test_marks_of_a_spreadsheet_that_writes_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text('clip_id;kept;text\na;yes;"x; y, z"\nb;no;\n', encoding="utf-8")
    assert read_marks(path, ["de"]) == [Mark("a", 0, "de", "x; y, z", True), Mark("b", 0, "de", None, False)]
    path.write_text('clip_id;kept;text\na;yes;"x\nb;no;\n', encoding="utf-8")
    with pytest.raises(DatasetError, match=r"line 3: unexpected end of data"):
        read_marks(path, ["de"])


def test_a_damaged_calibration_is_told(tmp_path: Path) -> None:
    (tmp_path / "calibration.json").write_text("{}")
    with pytest.raises(WorkspaceError, match="constant"):
        calibration_of(tmp_path)
    other = Calibration(constant=0, weights={"magic": 1.0}, languages={}, engines=())
    (tmp_path / "calibration.json").write_text(other.model_dump_json())
    with pytest.raises(WorkspaceError, match="another version"):
        calibration_of(tmp_path)


def test_a_refit_moves_as_far_as_the_marks_say() -> None:
    """Rows whose signals say the opposite of the prior: few marks move it a little, many turn it round."""
    random = np.random.default_rng(0)
    prior = Calibration(constant=0.0, weights=dict.fromkeys(SIGNALS, 1.0), languages={"de": 0.0}, engines=("mini",))

    def marked(size: int) -> Marked:
        signals = random.normal(size=(size, len(SIGNALS)))
        return Marked(signals, (signals[:, 0] < 0).astype(float), ["de"] * size, [str(n) for n in range(size)])

    few, many = marked(10), marked(500)
    first = next(iter(SIGNALS))
    assert refit(many, prior, ["x"]).weights[first] < refit(few, prior, ["x"]).weights[first] < 1.0
    sorted_ = prior.model_copy(update={"weights": dict(sorted(prior.weights.items()))})  # as a file has them
    assert refit(few, sorted_, ["x"]).weights == refit(few, prior, ["x"]).weights
    unseen = unseen_odds(many, lambda seen, rows: quality_odds(refit(seen, prior, ["x"]), rows))
    measured = Discrimination.of(probability_kept(unseen), many.wrong, 0.5)
    assert measured.auc > 0.95
    assert Discrimination.of(np.array([0.1, 0.9, 0.4, 0.6]), np.array([1.0, 0, 0, 1]), 0.5) == Discrimination(
        4, 2, 0.75, 0.5, 0.5
    )


def test_marks_stand_behind_the_engines_of_their_own_rows(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not behind a second one, which has mended rows that nobody marked."""
    opened = open_build(made)
    source, machine = calibrating.checked_rows(opened.results, "de", "en")
    engines = pa.array(["first", *["second"] * (CLIPS - 1)])
    mixed = machine.set_column(machine.schema.get_field_index("model"), "model", engines)
    monkeypatch.setattr(calibrating, "checked_rows", lambda *_, **__: (source, mixed))
    mark = Mark(machine["clip_id"][0].as_py(), 0, "de", None, True)
    assert calibrating._marked(opened, "de", [mark], Path("marks.tsv"))[1] == {"first"}


def test_marks_of_translations_that_came_with_the_captions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that translates nothing has them of some captions only."""
    monkeypatch.setenv("MULTIYOUCOOK2_CACHE", str(tmp_path / "cache"))
    files = [
        write_pickle(tmp_path / "raw-captions_marathi.pickle", {"one": ["कागद कापा"], "two": ["दोरी बांधा"]}),
        write_pickle(tmp_path / "raw-captions_tamil.pickle", {"one": ["காகிதத்தை வெட்டு"]}),
    ]
    build("rudder", annotations=files, out=tmp_path / "out", offline=True)
    (tmp_path / "marks.tsv").write_text("clip_id\tlang\tkept\none\tta\tyes\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="marks 1 rows as kept and 0 as not"):
        calibrating.calibrate_build(open_build(tmp_path / "out"), tmp_path / "marks.tsv")


def test_marks_are_judged_as_the_validation_judges(tmp_path: Path) -> None:
    """In whatever language the captions are."""
    words = "Zwiebel Butter Karotte Pfanne Paprika".split()
    pairs = [(f"die {a} und die {b} schneiden", f"couper {b} et {a}") for a in words for b in words if a != b]
    rows = [{"source": one, "translation": other, "origin": "machine"} for one, other in pairs]
    table = write_csv(tmp_path / "table.csv", rows)
    captions = write_csv(tmp_path / "my.csv", [{"caption": caption} for caption, _ in pairs])
    overrides = {"source_options": {"language": "de"}, "repair": None, "checks": {"language": False, "spelling": False}}
    out = tmp_path / "out"
    build(
        "custom", annotations=captions, engine=f"table:{table}", langs="fr", out=out, offline=True, overrides=overrides
    )
    opened = open_build(out)
    judged = opened.results[quality_of("fr")].to_pylist()
    marks = [Mark(row["clip_id"], 0, "fr", None, True) for row in judged]
    marked, _ = calibrating._marked(opened, "fr", marks, tmp_path / "marks.tsv")
    again = probability_kept(quality_odds(shipped(), marked))
    assert again.tolist() == pytest.approx([row["quality"] for row in judged], abs=1e-6)

    assert changed_since(out / "dataset") == []
    path = write_marks(
        tmp_path / "marks.tsv", [(row["clip_id"], "", "no" if n % 2 else "yes") for n, row in enumerate(judged)]
    )
    calibrating.calibrate_build(opened, path)
    validate_again(out, Silent())
    assert "checked anew" in changed_since(out / "dataset")[0], "what was published has other qualities"


def test_reviews_are_marks_and_teach_the_alignment(made: Path, tmp_path: Path, mycook: MyCook) -> None:
    out = tmp_path / "own"
    shutil.copytree(made, out)
    mycook("validate", out)
    key, reviews = stage_key(out), Reviews(out)
    texts = {clip: text for (clip, _), (_, text) in published_pairs(out, "de").items()}
    for number, (clip, text) in enumerate(sorted(texts.items())):
        action = "accept" if number % 2 else "reject"
        reviews.append("ana", said_now((clip, 0, "de"), text_hash(text), action))
    mycook("validate", out)
    assert stage_key(out) != key
    found = json.loads(mycook("validate", out, "--calibrate", out / "reviews", "--json").stdout)
    assert found["calibration"]["de"]["after"]["rows"] == len(texts)
    assert calibration_of(out) != shipped()
