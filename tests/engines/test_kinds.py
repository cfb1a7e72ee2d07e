"""Engines that are no single model: a table of translations, two engines in a row."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sources.writing import write_csv
from tiny_families import captions_of, made_up_lines

from multiyoucook2.building.api import build
from multiyoucook2.cli.importing import translate_own
from multiyoucook2.engines.base import Search
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.kinds.table import refuse_shared
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.errors import ModelError
from multiyoucook2.text.prepare import normalise
from multiyoucook2.translation.memory import TranslationMemory
from multiyoucook2.translation.table import translate_table

ROWS = [
    {"source": "add salt", "translation": "Salz zugeben", "lang": "de"},
    {"source": "add  salt ", "translation": "Salz dazu", "lang": "German"},  # the first one counts
    {"source": "add salt", "translation": "ajouter le sel", "lang": "fr"},
    {"source": "heat oil", "translation": "", "lang": "de"},
]
SEARCH = Search(beam_size=1, length_penalty=1.0, output_factor=0.0, output_extra=8)


def write(path: Path) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    else:
        comma = "\t" if path.suffix == ".tsv" else ","
        lines = [comma.join(ROWS[0]), *(comma.join(row.values()) for row in ROWS)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("end", ["csv", "tsv", "jsonl", "parquet"])
def test_table_of_human_translations(tmp_path: Path, end: str) -> None:
    engine = resolve(f"table:{write(tmp_path / f'human.{end}')}", "de", cache_dir=tmp_path)
    assert (engine.origin, engine.name, len(engine.revision)) == ("human", f"human.{end}", 64)
    memory = TranslationMemory(tmp_path / "memory")
    texts = ["add salt", "heat oil", "-"]
    rows = translate_table(captions_of(texts), engine=engine, decoding=Decoding(), memory=memory).to_pylist()
    assert [row["text"] for row in rows] == ["Salz zugeben", "", "-"]
    assert [row["flags"] for row in rows] == [[], ["empty"], ["untranslatable"]]
    assert [row["score"] for row in rows] == [None, None, None]
    assert [row["origin"] for row in rows] == ["human", "machine", "human"]  # nobody wrote what is not there


def test_a_table_is_not_asked_for_parts_of_a_caption(tmp_path: Path) -> None:
    """Else what nobody has translated would be put together of other captions, and be called a person's."""
    path = tmp_path / "t.csv"
    path.write_text("source,translation\ncut the red onion,Zwiebel schneiden\nserve the hot soup,Suppe servieren\n")
    texts = ["cut the red onion and serve the hot soup", "cut the red onion"]
    engine, memory = resolve(f"table:{path}", "de", cache_dir=tmp_path), TranslationMemory(tmp_path / "memory")
    rows = translate_table(captions_of(texts), engine=engine, decoding=Decoding(), memory=memory).to_pylist()
    assert [(row["text"], row["origin"], row["flags"], row["retries"]) for row in rows] == [
        ("", "machine", ["empty"], 0), ("Zwiebel schneiden", "human", [], 0),
    ]  # fmt: skip


def test_table_with_something_wrong(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no file"):
        resolve(f"table:{tmp_path}/none.csv", "de", cache_dir=tmp_path)
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ModelError, match="lacks a column source or translation") as caught:
        resolve(f"table:{tmp_path}/t.csv", "de", cache_dir=tmp_path).prepare()
    assert "a, b" in caught.value.hint
    with pytest.raises(ModelError, match="no translation into 'ja'"):
        resolve(f"table:{write(tmp_path / 'x.jsonl')}", "ja", cache_dir=tmp_path).prepare()
    (tmp_path / "t.jsonl").write_text("{\n")
    with pytest.raises(ModelError, match="cannot be read as a table"):
        resolve(f"table:{tmp_path}/t.jsonl", "de", cache_dir=tmp_path)


def test_a_table_of_one_language_serves_no_other(tmp_path: Path) -> None:
    """Else the German of a file without a column lang would become everybody's French, written by people."""
    (tmp_path / "german.csv").write_text("source,translation\nadd salt,Salz zugeben\n")
    both = [resolve(f"table:{tmp_path}/german.csv", lang, cache_dir=tmp_path) for lang in ("de", "fr")]
    refuse_shared(both[:1] * 2)
    with pytest.raises(ModelError, match=r"german\.csv has no column lang, and is to serve de and fr"):
        refuse_shared(both)
    named = write(tmp_path / "named.csv")
    refuse_shared([resolve(f"table:{named}", lang, cache_dir=tmp_path) for lang in ("de", "fr")])
    own = write_csv(tmp_path / "own.csv", [{"caption": "add salt"}])
    with pytest.raises(ModelError, match="has no column lang, and is to serve de and fr"):
        build("custom", annotations=own, langs="de,fr", engine=f"table:{tmp_path}/german.csv", out=tmp_path / "build")
    own.rename(tmp_path / "in.jsonl").write_text('{"text": "add salt"}\n')
    files, engine = [tmp_path / "in.jsonl", tmp_path / "out.jsonl"], f"table:{tmp_path}/german.csv"
    with pytest.raises(ModelError, match="has no column lang, and is to serve de and fr"):
        translate_own(
            files, "text", langs="de,fr", engine=engine, source_lang=None, device="cpu", threads=1, runner="local",
            workers=None, offline=True, quiet=True,
        )  # fmt: skip


@pytest.mark.parametrize("late", [{"lang": "fr"}, {"origin": "machine"}])
def test_a_column_that_comes_late_in_a_table_is_not_overlooked(late: dict[str, str], tmp_path: Path) -> None:
    rows = [{"source": f"text {number}", "translation": "x"} for number in range(1000)]
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {**rows[0], **late}]))
    with pytest.raises(ModelError, match=f"line 1001: it has '{next(iter(late))}', which none of the first 1,000 has"):
        resolve(f"table:{path}", "de", cache_dir=tmp_path)


def test_rows_of_a_table_that_cannot_be_used(tmp_path: Path) -> None:
    """By their lines, whatever the delimiter; nothing is left out in silence."""
    path = tmp_path / "t.csv"
    path.write_text("source;translation;lang\nadd salt;Salz zugeben;de\nheat oil;Oel; erhitzen;de\n")
    with pytest.raises(ModelError, match="line 3: 4 fields instead of 3"):
        resolve(f"table:{path}", "de", cache_dir=tmp_path)
    path.write_text("source;translation;lang\nadd salt;Salz zugeben;de\nheat oil;Oel erhitzen;xx-none\n")
    with pytest.raises(ModelError, match="line 3: unknown language"):
        resolve(f"table:{path}", "de", cache_dir=tmp_path)
    path.write_bytes("source,translation\nfry,h\u00e4uten\n".encode("cp1252"))
    with pytest.raises(ModelError, match="is not in utf-8: line 2"):
        resolve(f"table:{path}", "de", cache_dir=tmp_path)


def test_answers_are_those_of_a_dict(tmp_path: Path) -> None:
    """Any characters, in any order, with doubles, in more rows than are Python's objects at a time."""
    draw = random.Random(3)
    words = ["\U0001f373", "\uffee", "\u00e9", "e\u0301", "~", "A", "a", "0", "\u00bd", "\u4e00"]
    rows = [(" ".join(draw.choices(words, k=4)), f"answer {number}") for number in range(60_000)]
    path = tmp_path / "t.parquet"
    sources, translations = zip(*rows, strict=True)
    pq.write_table(pa.table({"source": sources, "translation": translations}), path)
    wanted: dict[str, str] = {}
    for source, translation in rows:
        wanted.setdefault(" ".join(normalise(source).split()), translation)
    engine = resolve(f"table:{path}", "de", cache_dir=tmp_path).prepare().open(Decoding())
    asked = [*list(wanted)[::7], "nothing of it", ""]
    found = engine.translate(engine.read(asked), SEARCH)
    assert [best.text for best, *_ in found] == [wanted.get(text, "") for text in asked]


def test_two_engines_in_a_row(model: Callable[[str], Path], cache: Path, tmp_path: Path) -> None:
    many, mini = model("m2m100"), model("mini")
    engine = resolve(f"via:en:{many}+{mini}", "fr", source_lang="de", cache_dir=cache, offline=True)
    assert (engine.lang, engine.source_lang) == ("fr", "de")
    opened = engine.prepare("cpu").open(Decoding(), 1)
    texts = made_up_lines(6)
    found = [best for best, *_ in opened.translate(opened.read(texts), SEARCH)]
    first = resolve(str(many), "en", source_lang="de", cache_dir=cache, offline=True).prepare("cpu").open(Decoding(), 1)
    second = resolve(str(mini), "fr", cache_dir=cache, offline=True).prepare("cpu").open(Decoding(), 1)
    middle = [best for best, *_ in first.translate(first.read(texts), SEARCH)]
    last = [best for best, *_ in second.translate(second.read([row.text for row in middle]), SEARCH)]
    assert [row.text for row in found] == [row.text for row in last]
    assert [row.score for row in found] == [one.score + two.score for one, two in zip(middle, last, strict=True)]  # type: ignore[operator]
    assert engine.fingerprint(Decoding()) != resolve(
        f"via:en:{many}", "fr", source_lang="de", cache_dir=cache, offline=True
    ).fingerprint(Decoding())
    rows = translate_table(
        captions_of(texts), engine=engine, decoding=Decoding(beam_size=1), threads=1, memory=TranslationMemory(tmp_path)
    )
    assert rows.num_rows == 6


@pytest.mark.parametrize(("text", "message"), [("via:en", "names no engines"), ("via:de:mini", "nothing between")])
def test_engines_in_a_row_written_wrongly(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        resolve(text, "de", cache_dir=tmp_path)
