"""Vocabulary maps: measured before they are used, and used only where they pass."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_families import captions_of, made_up_lines

from multiyoucook2.engines import family
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.folder import vocabulary
from multiyoucook2.engines.maps import measured_map
from multiyoucook2.engines.registry import FAMILIES
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.errors import ModelError
from multiyoucook2.translation.memory import TranslationMemory
from multiyoucook2.translation.shortlist import build_map, measure_vocabulary_map
from multiyoucook2.translation.table import translate_table

DECODING = Decoding(beam_size=1, max_length_factor=1.0, max_length_extra=2)
TEXTS = made_up_lines(400)


def measure(engine: Path, cache: Path, texts: list[str] = TEXTS, size: int = 2000):  # type: ignore[no-untyped-def]
    resolved = resolve(str(engine), "de", cache_dir=cache, offline=True)
    return measure_vocabulary_map(resolved, texts, decoding=DECODING, device="cpu", threads=1, size=size)


def translate(
    engine: Path, folder: Path, cache: Path, vocabulary_map: bool = True, lang: str = "de"
) -> list[dict[str, object]]:
    decoding = DECODING.model_copy(update={"vocabulary_map": vocabulary_map})
    memory = TranslationMemory(folder)
    rows = translate_table(
        captions_of(TEXTS), engine=resolve(str(engine), lang, cache_dir=cache, offline=True), decoding=decoding,
        device="cpu", threads=1, memory=memory,
    )  # fmt: skip
    return list(rows.to_pylist())


def test_map_of_all_that_the_model_says_passes_and_is_used(
    model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = measure(model("ctranslate2"), tmp_path)
    assert (report.origin, report.accepted) == ("built", True)
    assert report.share >= 0.99
    assert 150 < report.texts < 250  # about half: the others made the map
    used = []
    engine_class = family.CTranslate2
    monkeypatch.setattr(family, "CTranslate2", lambda *a, **k: used.append(k["map_file"]) or engine_class(*a, **k))
    mapped = translate(model("ctranslate2"), tmp_path / "a", tmp_path)
    full = translate(model("ctranslate2"), tmp_path / "b", tmp_path, vocabulary_map=False)
    assert [path and path.name for path in used] == ["vmap.txt", None]
    assert mapped[0]["decode_hash"] != full[0]["decode_hash"]


def test_map_that_changes_outputs_is_refused(model: Callable[[str], Path], tmp_path: Path) -> None:
    engine = model("ctranslate2")
    report = measure(engine, tmp_path)
    assert measured_map(tmp_path, engine.name, *_revision_and_lang(engine)) is not None
    shipped = shutil.copytree(engine, tmp_path / "shipped")
    (shipped / "vmap.txt").write_text("\t▁salt ▁the\n")
    report = measure(shipped, tmp_path)
    assert (report.origin, report.accepted, report.texts) == ("shipped", False, len(TEXTS))
    assert report.share < 0.5


def test_damaged_map_is_not_used(model: Callable[[str], Path], tmp_path: Path) -> None:
    engine = model("ctranslate2")
    measure(engine, tmp_path)
    path = measured_map(tmp_path, engine.name, *_revision_and_lang(engine))
    assert path is not None
    path.write_text("\t▁salt\n")
    assert measured_map(tmp_path, engine.name, *_revision_and_lang(engine)) is None


def test_shipped_map_restricts_the_output(model: Callable[[str], Path], tmp_path: Path) -> None:
    engine = shutil.copytree(model("mini"), tmp_path / "engine")
    about = (engine / "mycook.json").read_text().replace('"vocabulary_map": false', '"vocabulary_map": true')
    (engine / "mycook.json").write_text(about)
    (engine / "vmap.txt").write_text("\t▁salt ▁the\n")
    words = {word for row in translate(engine, tmp_path / "a", tmp_path) for word in str(row["text"]).split()}
    assert words <= {"salt", "the"}
    free = translate(engine, tmp_path / "b", tmp_path, vocabulary_map=False)
    assert len({word for row in free for word in str(row["text"]).split()}) > 2


def test_map_by_language_tag(model: Callable[[str], Path], tmp_path: Path) -> None:
    """One map serves all languages of a model: what a language may say is keyed by its tag."""
    engine = shutil.copytree(model("mini"), tmp_path / "engine")
    about = (engine / "mycook.json").read_text().replace('"vocabulary_map": false', '"vocabulary_map": true')
    (engine / "mycook.json").write_text(about)
    (engine / "vmap.txt").write_text("\t▁pan\n<2de>\t▁salt\n<2fr>\t▁the\n")
    for lang, other in (("de", "the"), ("fr", "salt")):
        rows = translate(engine, tmp_path / "memory", tmp_path, lang=lang)
        assert other not in {word for row in rows for word in str(row["text"]).split()}


def test_built_map_in_the_engine_format(model: Callable[[str], Path]) -> None:
    tokenization = FAMILIES.find("marian").tokenization(model("ctranslate2"), None, None)
    assert "▁salt" in vocabulary(model("ctranslate2"), "target")
    outputs = {"salt the pan": ("▁die", "▁Salz"), "salt": ("▁Salz", "</s>"), "pan": ("▁die", "▁Salz", "▁Topf")}
    lines = build_map(list(outputs), outputs, tokenization, 2).splitlines()
    assert lines == ["\t▁Salz ▁die", "▁pan\t▁Topf"]


def test_too_few_texts(model: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="3 distinct texts are too few"):
        measure(model("ctranslate2"), tmp_path, texts=TEXTS[:3] * 10)


def _revision_and_lang(engine: Path) -> tuple[str, str]:
    from multiyoucook2.files import folder_hash

    return folder_hash(engine), "de"
