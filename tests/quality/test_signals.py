"""The signals, on pairs of a small invented corpus: what is dropped, doubled, added or cut short is found and named."""

import numpy as np
import pyarrow as pa
import pytest

from multiyoucook2.corpus.tables import CAPTION, TRANSLATION
from multiyoucook2.quality import estimation, table
from multiyoucook2.quality import evidence as evidence_module
from multiyoucook2.quality.check import Batch, Context, run_checks
from multiyoucook2.quality.evidence import Evidence, Learned
from multiyoucook2.quality.report import quality_figures
from multiyoucook2.quality.settings import Checks
from multiyoucook2.quality.table import judge
from multiyoucook2.text.alignment import Alignment, Links, Ragged, usual
from multiyoucook2.text.words import english_words, is_content, stem, target_units

NOUNS = {
    "onions": "Zwiebeln", "carrots": "Karotten", "garlic": "Knoblauch", "ginger": "Ingwer", "butter": "Butter",
    "tomatoes": "Tomaten", "leeks": "Lauch", "beans": "Bohnen", "flour": "Mehl", "sugar": "Zucker",
}  # fmt: skip
VERBS = {"add the {}": "{} hinzufügen", "chop the {}": "{} hacken", "fry the {}": "{} anbraten", "mix {}": "{} mischen"}


def corpus() -> list[tuple[str, str]]:
    """Every verb with every pair of nouns, rightly translated."""
    return [
        (verb.format(f"{a} and {b}"), german.format(f"{NOUNS[a]} und {NOUNS[b]}"))
        for verb, german in VERBS.items()
        for a in NOUNS
        for b in NOUNS
        if a < b
    ]


def found(name: str, *wrong: tuple[str, str]) -> dict[int, str]:
    """What a check finds in the wrong pairs, put in front of the sound corpus."""
    pairs = [*wrong, *corpus()]
    batch = Batch.of("de", [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    findings = run_checks(batch, Context(batch), [name])[name]
    return {int(row): findings.reason(row) for row in np.flatnonzero(findings.scores > findings.shown)}


def test_coverage_names_the_dropped_word() -> None:
    wrong = ("chop the onions and leeks", "Zwiebeln hacken"), ("fry the beans and flour", "Bohnen und Mehl mischen")
    assert found("coverage", *wrong) == {0: "no counterpart of leeks", 1: "no counterpart of fry"}


def test_repeated_counts_what_the_caption_says() -> None:
    wrong = (
        ("add the garlic and leeks", "Knoblauch und Knoblauch hinzufügen"),
        ("add the garlic and garlic", "Knoblauch und Knoblauch hinzufügen"),
    )
    assert {row: reason.split(":")[0] for row, reason in found("repeated", *wrong).items()} == {0: "said too often"}


def test_pairs_are_judged_the_same_however_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    learned = Learned(corpus()[::2], "de")
    at_once = Evidence(corpus(), learned)
    monkeypatch.setattr(evidence_module, "TOGETHER", 7)
    some = Evidence(corpus(), learned)
    for name in ("all_misses", "unsupported", "extra", "surplus"):
        assert getattr(some, name).tolist() == getattr(at_once, name).tolist(), name
    assert [some.missed(row, 0.5) for row in range(90)] == [at_once.missed(row, 0.5) for row in range(90)]


def test_added_names_the_piece_without_a_source() -> None:
    pairs = [("add the leeks", "Lauch und Ingwer hinzufügen"), *corpus()]
    evidence = Evidence(pairs, Learned(pairs, "de"))
    assert evidence.extra[0] > 2 > evidence.extra[1:].max()
    assert evidence.extra_units(0, 2.0)[0] == "_ingw"


def test_truncation_knows_how_long_such_captions_become() -> None:
    long = "add the onions and carrots and garlic and butter and leeks and beans and flour"
    pairs = [
        (f"{long} {n}", f"Zwiebeln, Karotten, Knoblauch, Butter, Lauch, Bohnen und Mehl hinzufügen {n}")
        for n in range(40)
    ]
    batch = Batch.of("de", [long, *(pair[0] for pair in pairs)], ["Zwiebeln", *(pair[1] for pair in pairs)])
    scores = run_checks(batch, Context(batch), ["truncation"])["truncation"].scores
    assert scores[0] > 3 > scores[1:].max()


@pytest.mark.parametrize(
    ("name", "lang", "bad", "good"),
    [
        ("boilerplate", "de", "Untertitel im Auftrag des ZDF", "die Zwiebel hacken"),
        ("boilerplate", "ja", "ご視聴ありがとうございました", "玉ねぎを刻む"),
        ("boilerplate", "fr", "voir www.recettes.fr", "remuer la sauce"),
        ("traditional", "zh", "將雞肉放入鍋中", "将鸡肉放入锅中"),
        ("traditional", "ja", "鶏肉を鍋に入れる", "鍋に入れる"),
    ],
)
def test_signals_of_form(name: str, lang: str, bad: str, good: str) -> None:
    batch = Batch.of(lang, ["chop the onion", "chop the onion"], [bad, good])
    scores = run_checks(batch, Context(batch), [name])[name].scores
    assert (scores > 0).tolist() == [lang != "ja" or name == "boilerplate", False]


def test_a_row_does_not_vouch_for_itself() -> None:
    """The rare word's only other row says otherwise: its own wrong translation gains nothing from standing there."""
    pairs = [*corpus(), ("add the saffron", "Safran hinzufügen"), ("fry the saffron", "Safran anbraten")]
    wrong = ("mix saffron", "Zimt mischen")
    evidence = Evidence([*pairs, wrong], Learned([*pairs, wrong], "de"))
    assert evidence.missed(len(pairs), 2.0) == ["saffron"]
    assert evidence.all_misses[:-1].max() < 2.0


def test_pairs_judged_by_others_are_judged_as_if_they_stood_there() -> None:
    """``like``: a pair that the build has is judged the same, and a new one by all of the build's rows."""
    wrong = ("chop the onions and leeks", "Zwiebeln hacken")
    learned = Learned([*corpus(), wrong], "de")
    inside = Evidence([*corpus(), wrong], learned)
    outside = Evidence([wrong, ("chop the leeks and onions", "Zwiebeln hacken")], learned)
    assert outside.all_misses[0] == pytest.approx(inside.all_misses[-1])
    assert outside.missed(1, 3.0) == ["leeks"]


def test_what_is_left_out_teaches_nothing() -> None:
    """A pair that is taken out is judged as if it had never been learned from."""
    wrong = [("mix onions and leeks", "Zimt mischen"), ("mix leeks and onions", "Zimt mischen")]
    learned = Learned([*corpus(), *wrong], "de")
    left_out, never = Evidence(wrong, learned.without(wrong)), Evidence(wrong, Learned(corpus(), "de"))
    assert left_out.missed(0, 2.0)[:1] == never.missed(0, 2.0)[:1]
    assert min(left_out.all_misses.min(), never.all_misses.min()) > 3
    assert (left_out.all_misses > Evidence(wrong, learned).all_misses).all()


def test_links_and_medians_by_hand() -> None:
    sources, targets = (Ragged.of(rows, {}) for rows in ([["a", "b"], [], ["a", "a"]], [["x"], ["y"], ["x", "z"]]))
    links = Links.of(sources, targets)
    pairs = [
        (int(sources.ids[word]), int(targets.ids[unit])) for word, unit in zip(links.word, links.unit, strict=True)
    ]
    assert pairs == [(0, 0), (1, 0), (0, 0), (0, 2)]
    assert sources.counts.tolist() == [1, 1, 2]
    medians, counts = usual(np.array([1, 1, 1, 3, 3]), np.array([5, 1, 2, 4, 8], np.float32), 4)
    assert counts.tolist() == [0, 3, 0, 2]
    assert np.isnan(medians[[0, 2]]).all()
    assert medians[[1, 3]].tolist() == [2, 6]


def test_alignment_is_the_textbooks() -> None:
    """IBM model 1 on three pairs, beside a slow one with dictionaries."""
    rows = [("the house", "das haus"), ("the book", "das buch"), ("a book", "ein buch")]
    words: dict[str, int] = {}
    units: dict[str, int] = {}
    sources = Ragged.of([source.split() for source, _ in rows], words)
    targets = Ragged.of([target.split() for _, target in rows], units)
    alignment = Alignment(sources, targets, np.ones(3, np.float32), rounds=4)
    probability = {(source, target): 1.0 for source in words for target in units}
    for _ in range(4):
        counts, totals = dict.fromkeys(probability, 0.0), dict.fromkeys(units, 0.0)
        for source, target in rows:
            for word in source.split():
                whole = sum(probability[word, unit] for unit in target.split())
                for unit in target.split():
                    counts[word, unit] += probability[word, unit] / whole
                    totals[unit] += probability[word, unit] / whole
        probability = {(word, unit): count / totals[unit] for (word, unit), count in counts.items()}
    learned = alignment.probabilities()
    for (word, unit), value in probability.items():
        assert learned.get((words[word], units[unit]), 0.0) == pytest.approx(value, abs=1e-5)


def test_words_and_units() -> None:
    assert english_words("Chop the chef's onions, finely") == ["chop", "the", "chef", "onions", "finely"]
    assert stem("chopped") == stem("chopping") == stem("chop")
    assert not is_content("the")
    assert is_content("onions")
    assert target_units("Die Soße", "de") == ["_die", "_soss", "sosse"]
    assert target_units("玉ねぎ", "ja") == ["玉", "ね", "ぎ", "玉ね", "ねぎ"]


def corpus_tables(pairs: list[tuple[str, str]]) -> tuple[pa.Table, pa.Table]:
    """Pairs as the tables that are judged."""
    clips = [f"c{number}" for number in range(len(pairs))]
    keys = {"clip_id": clips, "caption_index": [0] * len(clips), "lang": ["en"] * len(clips)}
    english = pa.Table.from_pydict(
        {**keys, "text": [pair[0] for pair in pairs], "origin": ["human"] * len(clips), "flags": [[]] * len(clips)},
        schema=CAPTION,
    )
    made = {"lang": ["de"] * len(clips), "text": [pair[1] for pair in pairs], "score": [-0.5] * len(clips),
            "flags": [[]] * len(clips), "retries": [0] * len(clips), "origin": ["machine"] * len(clips)}  # fmt: skip
    names = {name: ["m"] * len(clips) for name in ("model", "revision", "license", "decode_hash")}
    names["first"] = [None] * len(clips)
    return english, pa.Table.from_pydict({**keys, **names, **made}, schema=TRANSLATION)


def test_parts_of_a_large_build_are_judged_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = ("chop the onions and leeks", "Zwiebeln hacken")
    english, german = corpus_tables([wrong, *corpus(), corpus()[0], ("stir the 3 xylophones", "3 Xylophone rühren")])
    whole = judge(english, german, "de", Checks(min_quality=0.25))
    monkeypatch.setattr(table, "PART", 7)
    parts = judge(english, german, "de", Checks(min_quality=0.25))
    assert parts.verdicts.to_pylist() == whole.verdicts.to_pylist()
    assert parts.quality["quality"].to_pylist() == whole.quality["quality"].to_pylist()


def test_without_the_alignment_none_is_learned_and_its_signals_are_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs none, such as the length, is still looked at."""
    long = "add the onions and carrots and garlic and butter and leeks and beans and flour"
    whole = "Zwiebeln und Karotten und Knoblauch und Butter und Lauch und Bohnen und Mehl hinzufügen"
    wrong = [("stir the 3 xylophones", "3 Xylophone rühren"), ("chop the onions and leeks", "Zwiebeln hacken")]
    english, german = corpus_tables([*wrong, (long, "Mehl"), *corpus(), *[(f"{long} {n}", whole) for n in range(40)]])
    kinds = set(judge(english, german, "de", Checks(numbers=False)).verdicts["check"].to_pylist())
    assert {"coverage", "misses", "unsteady", "truncation"} <= kinds
    monkeypatch.setattr(table, "learn", None)
    without = judge(english, german, "de", Checks(numbers=False, alignment=False))
    named = [(row["clip_id"], row["check"]) for row in without.verdicts.to_pylist()]
    assert ("c2", "truncation") in named
    assert not {check for _, check in named} & set(estimation.SIGNALS)
    assert without.quality["quality"].null_count == german.num_rows


def test_another_engine_in_some_rows_leaves_the_others_calibrated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repair by a second engine, of which no rows were marked: only its own rows are not refused by quality."""
    monkeypatch.setattr(estimation, "ENOUGH_ROWS", 100)
    monkeypatch.setattr(table, "sound_pairs", lambda lang, captions: [])
    bad = ("chop the onions and leeks", "Zwiebeln und Zwiebeln hacken")
    english, german = corpus_tables([bad, bad, *corpus()])

    def judged(second: int, **settings: bool) -> tuple[list[str], dict[str, object]]:
        """What quality refuses, and the figures, where the second row and the last ones are by a second engine."""
        engines = ["mini", "madlad400-3b", *["mini"] * (german.num_rows - 2 - second), *["madlad400-3b"] * second]
        made = german.set_column(german.schema.get_field_index("model"), "model", pa.array(engines))
        found = judge(english, made, "de", Checks(min_quality=0.5, **settings))
        refused = [row["clip_id"] for row in found.verdicts.to_pylist() if row["check"] == "quality"]
        return refused, quality_figures(found)

    refused, figures = judged(0)
    assert refused == ["c0"]
    assert (figures["calibrated"], figures["uncalibrated"]) == (True, 1)
    refused, figures = judged(100)  # a share of the rows by both would mean nothing, and is not shown
    assert refused == ["c0"]
    assert (figures["calibrated"], figures["uncalibrated"]) == (False, 101)
    assert judged(0, uncalibrated=True)[0] == ["c0", "c1"]
    monkeypatch.setattr(estimation, "ENOUGH_ROWS", 5000)
    assert judged(0)[0] == []


def test_of_an_endless_text_the_beginning_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair's links grow with the product of its texts: one of a megabyte would take all memory."""
    long = " ".join(f"w{number}" for number in range(100_000))
    sources, targets = evidence_module.read_pairs([(long, long)], "de", "en", {"": 0}, {"": 0})
    assert max(len(sources.ids), len(targets.ids)) < evidence_module.LONGEST
    monkeypatch.setattr(table, "sound_pairs", lambda lang, captions: [])
    english, german = corpus_tables([(long, long), *corpus()])
    assert len(table.learn(english, german, "de", "en").place) == len(corpus()) + 1, "the others still teach"


def test_an_alignment_is_learned_from_as_many_rows_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four rows one is learned from: the wrong one, which is none of them, is still found and named."""
    pairs = corpus()
    pairs.insert(5, ("chop the onions and leeks", "Zwiebeln hacken"))
    english, german = corpus_tables(pairs)
    links = sum(len(a.encode()) * len(b.encode()) for a, b in pairs) / table.BYTES_A_LINK
    monkeypatch.setattr(table, "MOST_LINKS", links / 3.5)
    monkeypatch.setattr(table, "sound_pairs", lambda lang, captions: [])
    learned = table.learn(english, german, "de", "en")
    assert learned.peers == pairs[::4] == table.as_many_as_fit(pairs)
    found = judge(english, german, "de", Checks()).verdicts.to_pylist()
    named = [(row["clip_id"], row["reason"]) for row in found if row["check"] == "coverage"]
    assert ("c5", "no counterpart of leeks") in named
    assert len(named) < 10
