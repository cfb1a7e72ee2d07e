"""Human translations beside a build's rows: how they are read, what does not fit, and sacrebleu's own scores."""

import json
import random
from pathlib import Path

import pytest
from conftest import FAST, ROOT, MyCook
from sources.writing import vatex, write_json

from multiyoucook2 import build
from multiyoucook2.building.comparing import compare_builds
from multiyoucook2.building.opening import open_build
from multiyoucook2.building.referring import references_in
from multiyoucook2.building.reporting import kept_scores
from multiyoucook2.building.scoring import score_by_metric
from multiyoucook2.errors import DatasetError, WorkspaceError
from multiyoucook2.languages import named_languages
from multiyoucook2.progress import Silent
from multiyoucook2.quality.neural.metrics import METRICS
from multiyoucook2.quality.reference_scores import Statistics, drawn_sums, make_metric, score_language
from multiyoucook2.quality.references import align, read_references
from multiyoucook2.quality.significance import compare_quality, compare_texts

np = pytest.importorskip("numpy")
TABLE = "clip_id\tcaption_index\tlang\tcaption\nv_0\t0\tde\teins\nv_0\t1\tde\tzwei\nv_0\t1\tde\tzwo\nv_1\t0\tja\t一\n"
REFERENCES = ROOT / "pipelines/mini_nmt/references"


def corpus(lang: str, rows: int = 60) -> tuple[list[str], list[list[str]]]:
    """Translations and one or two references of each, of the bundled corpus, some of them spoilt."""
    lines = [line.split("\t")[1] for line in (REFERENCES / f"{lang}.tsv").read_text().splitlines()[1 : rows + 1]]
    rng = random.Random(0)
    spoilt = [line[: rng.randint(len(line) // 2, len(line))] for line in lines]
    return spoilt, [[line, line[::-1]] if n % 3 else [line] for n, line in enumerate(lines)]


@pytest.mark.parametrize("lang", ["de", "zh", "ja"])
@pytest.mark.parametrize("metric", ["chrF", "chrF++", "BLEU"])
def test_scores_intervals_and_signatures_are_sacrebleus(metric: str, lang: str) -> None:
    texts, references = corpus(lang)
    streams = [[row[0] for row in references], [row[1] if len(row) > 1 else None for row in references]]
    theirs = make_metric(metric, lang)
    expected = theirs.corpus_score(texts, streams, n_bootstrap=1000)
    ours = Statistics(metric, texts, references, lang)
    value, low, high = ours.interval()
    assert value == pytest.approx(expected.score, abs=0.005)
    assert ours.signature == str(theirs.get_signature())
    draws = np.sort(ours.draws(ours.rows))
    assert (draws[974] - draws[25]) / 2 == pytest.approx(expected._ci, abs=1e-3)  # the same draws, float32 there
    assert low <= value <= high


@pytest.mark.parametrize(("lang", "text"), [("th", "ใส่หัวหอมลงในกระทะ"), ("yue", "將洋蔥切碎放入鍋中")])
def test_bleu_of_languages_without_spaces_is_of_characters(lang: str, text: str) -> None:
    bleu = make_metric("BLEU", lang)
    assert 0 < bleu.corpus_score([text[:-1]], [[text]]).score < 100
    assert bleu.corpus_score([text], [[text]]).score == pytest.approx(100)


def test_draws_are_the_same_however_many_are_made_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.arange(30, dtype=float).reshape(10, 3)
    whole = list(drawn_sums(rows))
    monkeypatch.setattr("multiyoucook2.quality.reference_scores._CHUNK", 70)
    assert np.array_equal(whole, list(drawn_sums(rows)))


def test_groups_have_scores_of_their_own() -> None:
    texts, references = corpus("de", 50)
    captions = ["two words"] * 25 + ["one two three four five six"] * 25
    about = {"unknown_rows": 0, "unknown": [], "without_rows": 0, "without": []}
    found = score_language("de", texts, references, ["soup"] * 40 + ["cake"] * 10, captions, about)
    assert [(one.name, one.rows) for one in found.by_kind] == [("soup", 40)]  # ten rows are too few
    assert [(one.name, one.rows) for one in found.by_length] == [("to 4 words", 25), ("to 8", 25)]
    assert found.by_length[0].value == Statistics("chrF", texts[:25], references[:25], "de").interval()[0]


def test_tables_have_indices_languages_and_several_references(tmp_path: Path) -> None:
    (tmp_path / "refs.tsv").write_text(TABLE)
    found = read_references(tmp_path / "refs.tsv", ["de", "ja"])
    assert found == {"de": {("v_0", 0): ["eins"], ("v_0", 1): ["zwei", "zwo"]}, "ja": {("v_1", 0): ["一"]}}
    assert read_references(tmp_path / "refs.tsv", ["ja"]) == {"ja": found["ja"]}
    (tmp_path / "refs.tsv").write_text(TABLE.replace("\tde\t", "\tGerman\t").replace("\tja\t", "\tjp\t"))
    assert read_references(tmp_path / "refs.tsv", ["de", "ja"]) == found, "in any usual spelling"
    (tmp_path / "refs.csv").write_text('clip_id,text\nv_0,"eins, zwei"\n')
    assert read_references(tmp_path / "refs.csv", ["de"]) == {"de": {("v_0", 0): ["eins, zwei"]}}
    (tmp_path / "refs.csv").write_text('clip_id,text,,\nv_0,"eins, zwei", ,\n')  # a spreadsheet's empty cells
    assert read_references(tmp_path / "refs.csv", ["de"]) == {"de": {("v_0", 0): ["eins, zwei"]}}
    (tmp_path / "files").mkdir()
    (tmp_path / "files/de.tsv").write_text("clip_id\ttext\nv_0\teins\n")
    (tmp_path / "files/notes.tsv").write_text("nothing\n")
    assert read_references(tmp_path / "files", ["de", "fr"]) == {"de": {("v_0", 0): ["eins"]}}
    (tmp_path / "files/de.csv").write_text("clip_id,lang,text\nv_0,de,ein\nv_1,de,zwei\nv_0,fr,un\n")
    (tmp_path / "files/fr.tsv").write_text("clip_id\ttext\nv_1\tdeux\n")
    assert read_references(tmp_path / "files", ["de", "fr"]) == {
        "de": {("v_0", 0): ["ein", "eins"], ("v_1", 0): ["zwei"]},
        "fr": {("v_0", 0): ["un"], ("v_1", 0): ["deux"]},
    }


def test_references_of_a_spreadsheet_that_writes_semicolons(tmp_path: Path) -> None:
    (tmp_path / "refs.csv").write_text('clip_id;text\nv_0;"eins; zwei, drei"\nv_1;vier\n')
    found = read_references(tmp_path / "refs.csv", ["de"])
    assert found == {"de": {("v_0", 0): ["eins; zwei, drei"], ("v_1", 0): ["vier"]}}
    (tmp_path / "refs.csv").write_text('clip_id,text\nv_0,"eins\nv_1,vier\n')  # all that follows would be its text
    with pytest.raises(DatasetError, match="line 3: unexpected end of data"):
        read_references(tmp_path / "refs.csv", ["de"])


def test_youcook2s_format_in_another_language(tmp_path: Path) -> None:
    annotations = [{"id": 3, "segment": [1, 9], "sentence": "die Zwiebel schneiden"}]
    video = {"subset": "training", "recipe_type": "1", "duration": 9.0, "annotations": annotations,
             "video_url": "https://www.youtube.com/watch?v=abcdefghijk"}  # fmt: skip
    (tmp_path / "de.json").write_text(json.dumps({"database": {"abcdefghijk": video}}))
    found = read_references(tmp_path / "de.json", ["de", "fr"])
    assert found == {"de": {("abcdefghijk_3", 0): ["die Zwiebel schneiden"]}}
    (tmp_path / "de.json").rename(tmp_path / "mine.json")
    with pytest.raises(DatasetError, match="does not say its language") as caught:
        read_references(tmp_path / "mine.json", ["de", "fr"])
    assert "--langs de" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clip\ttext\nv\ta\n", "has no column 'clip_id'"),
        ("clip_id\tcomment\nv\ta\n", "has no column 'text'"),
        ("clip_id\ttext\nv_0\ta\nv_1\n", "line 3: 1 fields instead of 2"),
        ("clip_id\tcaption_index\ttext\nv_0\t-1\ta\n", "line 2: caption_index is -1"),
        ("clip_id\tlang\ttext\nv_0\tde\ta\nv_1\tdeutch\tb\n", "line 3: unknown language 'deutch'"),
        ("clip_id\ttext\nv_0\t \n", "has no translation by people into de"),
        ("", "has no column 'text'"),
        ("clip_id\tcaption\ttranslation\nv_0\tone\teins\n", "columns caption and translation: which one is the tr"),
    ],
)
def test_bad_tables_name_the_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "de.tsv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_references(tmp_path / "de.tsv", ["de"])
    with pytest.raises(DatasetError, match="cannot be read"):
        read_references(tmp_path / "absent.tsv", ["de"])


@pytest.mark.parametrize("text", ["[" * 9000, '{"mine": {"scores": []}}', '{"de": {"file": "x", "translations": "h"}}'])
def test_kept_scores_that_are_not_ours_are_neither_used_nor_replaced(text: str, tmp_path: Path) -> None:
    (tmp_path / "references.json").write_text(text)
    with pytest.raises(WorkspaceError, match=r"references\.json is damaged"):
        kept_scores(tmp_path, {"de": "h"})


def test_rows_without_a_counterpart_are_named() -> None:
    aligned = align([("a", 0), ("a", 1), ("b", 0)], {("a", 1): ["x"], ("c", 2): ["y"]})
    assert aligned.places == [1]
    assert (aligned.references, aligned.unknown, aligned.without) == ([["x"]], [("c", 2)], [("a", 0), ("b", 0)])


def test_differences_of_equal_and_of_better_rows() -> None:
    same = compare_quality("de", np.full(50, 0.5), np.full(50, 0.5), calibrated=True)
    assert (same.difference, same.p, same.significant) == (0.0, 1.0, False)
    rng = np.random.default_rng(0)
    before = rng.uniform(0.2, 0.6, 200)
    after = before + rng.normal(0.1, 0.05, 200)
    better = compare_quality("de", before, after, calibrated=True)
    assert better.low < better.difference < better.high
    assert better.difference == pytest.approx(100 * (after - before).mean(), abs=0.01)
    assert better.significant
    # paired: rows differ much more than the builds do, and still it shows
    assert better.high - better.low < 2 * 1.96 * 100 * before.std() / 200**0.5
    texts, references = corpus("de")
    whole = [row[0] for row in references]
    assert {one.measure for one in compare_texts("de", texts, whole, references) if one.significant} == {
        "chrF", "chrF++", "BLEU"
    }  # fmt: skip
    noise = rng.normal(0, 0.01, 200)
    assert not compare_quality("de", before, before + noise - noise.mean(), calibrated=True).significant


def test_a_build_against_references_and_another_build(mycook: MyCook, tiny_model: Path, tmp_path: Path) -> None:
    build = "--recipe", FAST, "--offline", "--engine", tiny_model, "--langs", "de,ja", "--limit", 40, "--out", "x"
    mycook("build", *build)
    lines = (REFERENCES / "de.tsv").read_text().splitlines()[:31]
    (tmp_path / "de.tsv").write_text("\n".join([*lines, "MINI9999999_0\tfremd"]) + "\n")
    said = mycook("validate", "x", "--references", "de.tsv", "--quiet").stdout
    assert "de: 1 captions of the references belong to no machine translation: MINI9999999_0" in said
    assert "de: 10 captions of the build have no reference: " in said
    assert "|bs:1000|seed:12345|" in said
    page = (tmp_path / "x/report/index.html").read_text()
    assert "Against translations by people" in page
    assert "MINI9999999_0" not in page
    found = json.loads(mycook("validate", "x", "--references", "de.tsv", "--json").stdout)
    assert [(one["lang"], one["rows"]) for one in found["references"]] == [("de", 30)]
    assert found["report"]["languages"]["ja"]["rows"] == 40
    found = json.loads(mycook("validate", "x", "--langs", "de", "--json").stdout)
    assert list(found["report"]["languages"]) == ["de"]

    # another run of the build keeps the scores on its page; other translations lose them
    mycook("build", *build)
    assert "Against translations by people" in (tmp_path / "x/report/index.html").read_text()

    refused = mycook("validate", "x", "--references", "de.tsv", "--langs", "fr", code=1).stderr
    assert "x lacks 'fr'" in refused
    (tmp_path / "other.tsv").write_text("clip_id\tlang\ttext\nother_0\tde\tfremd\n")
    refused = mycook("validate", "x", "--references", "other.tsv", code=1).stderr
    assert "no row of other.tsv in de belongs to a machine translation" in refused
    assert "MINI0000001_0 here, other_0 there" in refused
    made, other = open_build(tmp_path / "x"), tmp_path / "other.tsv"
    with pytest.raises(DatasetError, match="belongs to a machine translation"):
        compare_builds(made, made, ["de"], Silent(), references=other)
    with pytest.raises(DatasetError, match="belongs to a machine translation"):  # before any model is loaded
        score_by_metric(made, METRICS["comet"], ["de"], Silent(), references=other)
    assert "not a build folder" in mycook("validate", "nowhere", code=1).stderr
    assert "--limit says nothing about a build folder" in mycook("validate", "x", "--limit", 3, code=1).stderr

    assert "nothing to compare by" in mycook("significance", "x", "x", code=1).stderr  # without the alignment
    compared = mycook("significance", "x", "x", "--references", "de.tsv", "--page", "both.html", "--json").stdout
    found = json.loads(compared)
    assert [(one["lang"], one["measure"], one["rows"]) for one in found] == [
        ("de", "chrF", 30), ("de", "chrF++", 30), ("de", "BLEU", 30)
    ]  # fmt: skip
    assert all((one["difference"], one["p"], one["significant"]) == (0, 1, False) for one in found)
    page = (tmp_path / "both.html").read_text()
    assert "<h1>x and x</h1>" in page
    assert 'class="no"' not in page  # nothing is called a loss that is none


class Notes(Silent):
    """What the user is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, message: str) -> None:
        self.said.append(message)


def test_languages_that_references_lack_are_told_and_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "refs.tsv").write_text(TABLE)
    told = Notes()
    assert set(references_in(tmp_path / "refs.tsv", ["de", "fr", "ja"], told, named=False)) == {"de", "ja"}
    assert [words.partition("refs.tsv ")[2] for words in told.said] == ["has no translation by people into fr"]
    with pytest.raises(DatasetError, match=r"refs\.tsv has no translation by people into fr$"):
        references_in(tmp_path / "refs.tsv", ["de", "fr"], told, named=True)
    assert [named_languages(langs) for langs in (None, "all", "German,de")] == [None, None, ("de",)]


def test_a_language_by_people_is_left_out_of_what_compares_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Chinese in builds of Multi-VATEX: the other languages are compared, unless it was asked for by name."""
    monkeypatch.setenv("MULTIYOUCOOK2_CACHE", str(tmp_path / "cache"))
    source = write_json(tmp_path / "vatex.json", vatex(["Ptf_2VRj-V0_000122_000132"]))
    english = [caption for clip in json.loads(source.read_text()) for caption in clip["enCap"]]
    (tmp_path / "says.tsv").write_text(
        "source\ttranslation\torigin\n" + "".join(f"{text}\tetwas\tmachine\n" for text in english)
    )
    build(
        "multi-vatex", annotations=source, langs="zh,de", out=tmp_path / "out", offline=True,
        overrides={"engine": f"table:{tmp_path / 'says.tsv'}", "repair": None, "checks": {"alignment": False}},
    )  # fmt: skip
    made, told = open_build(tmp_path / "out"), Notes()
    assert list(compare_builds(made, made, ["zh", "de"], told).pairs) == ["de"]
    lacking = "the builds share no machine translation of a caption into zh"
    assert told.said == [lacking]
    for langs, named in ((["zh", "de"], True), (["zh"], False)):
        with pytest.raises(DatasetError, match=lacking):
            compare_builds(made, made, langs, told, named=named)
        with pytest.raises(DatasetError, match="the build has no machine translation into zh"):
            score_by_metric(made, METRICS["comet-qe"], langs, told, named=named)


def test_what_was_written_independently_is_no_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """VATEX's first five Chinese captions of a clip are no translations of its English ones."""
    monkeypatch.setenv("MULTIYOUCOOK2_CACHE", str(tmp_path / "cache"))
    source = write_json(tmp_path / "vatex.json", vatex(["Ptf_2VRj-V0_000122_000132"]))
    build("multi-vatex", annotations=source, langs="zh", engine="none", out=tmp_path / "out", offline=True)
    found = read_references(tmp_path / "out", ["zh"])["zh"]
    assert [index for _, index in found] == [5, 6, 7, 8, 9]
