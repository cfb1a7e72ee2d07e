"""The translate stage from end to end, on tiny real models."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from tiny_families import captions_of, made_up_lines

from multiyoucook2.corpus.tables import TRANSLATION
from multiyoucook2.engines.ctranslate2 import CTranslate2
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.errors import ModelError, RecipeError
from multiyoucook2.files import write_manifest
from multiyoucook2.translation.memory import TranslationMemory
from multiyoucook2.translation.table import translate_table

DECODING = Decoding(beam_size=2, batch_tokens=64, max_length_factor=1.0, max_length_extra=2)


def translate(
    engine: Path | str, lang: str, memory: Path, cache: Path, captions: list[str], threads: int = 2, **changes: object
) -> pa.Table:
    return translate_table(
        captions_of(captions),
        engine=resolve(str(engine), lang, cache_dir=cache, offline=True),
        decoding=DECODING.model_copy(update=changes),
        device="cpu",
        threads=threads,
        memory=TranslationMemory(memory),
    )


@pytest.mark.parametrize(
    ("name", "lang"),
    [
        ("marian", "de"),
        ("m2m100", "ja"),
        ("small100", "cs"),
        ("nllb", "zh"),
        ("madlad", "fr"),
        ("mini", "ja"),
        ("ctranslate2", "de"),
    ],
)
def test_every_family_fills_the_schema(
    model: Callable[[str], Path], cache: Path, tmp_path: Path, name: str, lang: str
) -> None:
    captions = made_up_lines(30)
    captions = captions + captions[:5]  # clips that share a caption
    result = translate(model(name), lang, tmp_path, cache, captions)
    assert result.schema == TRANSLATION
    assert result.column("clip_id").to_pylist() == [f"video_{row}" for row in range(35)]
    rows = result.to_pylist()
    assert [row["text"] for row in rows[30:]] == [row["text"] for row in rows[:5]]
    assert {row["lang"] for row in rows} == {lang}
    assert {row["model"] for row in rows} == {name}
    assert all(len(row["revision"]) == 64 and len(row["decode_hash"]) == 16 for row in rows)
    assert all(row["score"] <= 0 for row in rows)
    assert all(0 <= row["retries"] <= 3 for row in rows)
    rungs = 2 if name == "mini" else 3  # a capital is nothing new to a model that reads lower case
    assert all(row["retries"] == rungs for row in rows if row["flags"])


def test_second_run_loads_no_model(
    model: Callable[[str], Path], cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captions = made_up_lines(60)
    first = translate(model("mini"), "de", tmp_path, cache, captions)
    assert len(list(tmp_path.rglob("*.parquet"))) == 1  # compacted
    monkeypatch.setattr(CTranslate2, "_translator", None)
    assert translate(model("mini"), "de", tmp_path, cache, captions) == first


def test_number_of_threads_changes_nothing(model: Callable[[str], Path], cache: Path, tmp_path: Path) -> None:
    one, three = (
        translate(model("mini"), "de", tmp_path / str(threads), cache, made_up_lines(80), threads=threads)
        for threads in (1, 3)
    )
    assert one == three


def test_own_ctranslate2_folder_says_what_its_source_says(
    model: Callable[[str], Path], cache: Path, tmp_path: Path
) -> None:
    captions = made_up_lines(40)
    before = sorted((path.name, path.stat().st_mtime_ns) for path in model("ctranslate2").iterdir())
    own = translate(model("ctranslate2"), "de", tmp_path, cache, captions)
    ours = translate(model("marian"), "de", tmp_path, cache, captions)
    assert own.column("text") == ours.column("text")
    assert own.column("score") == ours.column("score")
    assert sorted((path.name, path.stat().st_mtime_ns) for path in model("ctranslate2").iterdir()) == before


def test_mini_reads_lower_case_without_full_stop(model: Callable[[str], Path], cache: Path, tmp_path: Path) -> None:
    rows = translate(model("mini"), "fr", tmp_path, cache, ["Add the salt.", "add the salt"]).to_pylist()
    assert rows[0]["text"] == rows[1]["text"]


def test_languages_of_one_model_differ(model: Callable[[str], Path], cache: Path, tmp_path: Path) -> None:
    captions = made_up_lines(30)
    german, french = (translate(model("mini"), lang, tmp_path, cache, captions) for lang in ("de", "fr"))
    assert german.column("text") != french.column("text")


@pytest.mark.parametrize(
    ("engine", "lang", "message", "hint"),
    [
        ("nllb", "hi", "hin_Deva", "deu_Latn"),
        ("madlad", "cs", "<2cs>", "<2de>"),
        ("marian-many", "ru", ">>rus<<", ">>deu<<"),
        ("mini", "vi", "does not translate into 'vi'", "de, fr, ja"),
    ],
)
def test_language_token_is_checked_before_the_first_batch(
    model: Callable[[str], Path],
    cache: Path,
    tmp_path: Path,
    engine: str,
    lang: str,
    message: str,
    hint: str,
) -> None:
    with pytest.raises(ModelError) as caught:
        translate(model(engine), lang, tmp_path / "memory", cache, ["add salt"])
    assert message in str(caught.value)
    assert hint in caught.value.hint
    assert not (tmp_path / "memory").exists()
    with pytest.raises(ModelError) as before:
        resolve(str(model(engine)), lang, cache_dir=cache, offline=True).prepare("cpu")
    assert str(before.value) == str(caught.value)


@pytest.mark.parametrize(
    ("engine", "lang", "error", "hint"),
    [
        ("opus-mtt", "de", ModelError, "did you mean 'opus-mt'"),
        ("m2m100-418M", "te", ModelError, "nllb-200-distilled-600M"),
        ("opus-mt", "germn", RecipeError, "did you mean 'de'"),
        ("opus-mt", "dde", ModelError, "it serves de, fr"),
        ("opus-mt", "en", ModelError, "de, fr"),
    ],
)
def test_unknown_names_get_the_nearest_known(
    tmp_path: Path, engine: str, lang: str, error: type[Exception], hint: str
) -> None:
    with pytest.raises(error) as caught:
        translate(engine, lang, tmp_path, tmp_path, ["add salt"])
    assert hint in caught.value.hint  # type: ignore[attr-defined]


def test_fingerprint_follows_what_outputs_depend_on(model: Callable[[str], Path], cache: Path, tmp_path: Path) -> None:
    engine = shutil.copytree(model("mini"), tmp_path / "engine")

    def fingerprint(lang: str = "de", decoding: Decoding = DECODING) -> str:
        return resolve(str(engine), lang, cache_dir=cache, offline=True).fingerprint(decoding)

    first = fingerprint()
    assert fingerprint() == first
    assert fingerprint(lang="fr") != first
    assert fingerprint(decoding=DECODING.model_copy(update={"beam_size": 3})) != first
    write_manifest(engine)
    assert fingerprint() != first


def test_fingerprint_loads_neither_torch_nor_transformers(model: Callable[[str], Path], tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from multiyoucook2.engines.decoding import Decoding\n"
        "from multiyoucook2.engines.resolve import resolve\n"
        f"cache, engine = Path({str(tmp_path)!r}), {str(model('mini'))!r}\n"
        "resolve(engine, 'de', cache_dir=cache, offline=True).fingerprint(Decoding())\n"
        "print(sorted({'torch', 'ctranslate2', 'transformers', 'datasets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_changed_decoding_is_another_memory(model: Callable[[str], Path], cache: Path, tmp_path: Path) -> None:
    first = translate(model("mini"), "de", tmp_path, cache, ["add salt"])
    second = translate(model("mini"), "de", tmp_path, cache, ["add salt"], beam_size=1)
    assert first.column("decode_hash") != second.column("decode_hash")
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2
