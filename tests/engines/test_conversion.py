"""Conversion: once, whole or not at all, and again where a file was damaged."""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from multiyoucook2.engines import convert
from multiyoucook2.engines.convert import pick_compute_type
from multiyoucook2.engines.family import PreparedModel
from multiyoucook2.engines.find import find
from multiyoucook2.engines.hardware import hardware
from multiyoucook2.engines.registry import FAMILIES, MODELS
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.errors import FetchError, ModelError
from multiyoucook2.files import damaged_files, folder_hash, write_manifest
from multiyoucook2.languages import language


def ready(engine: Path, cache: Path, lang: str = "de") -> PreparedModel:
    prepared = resolve(str(engine), lang, cache_dir=cache, offline=True).prepare("cpu")
    assert isinstance(prepared, PreparedModel)
    return prepared


@pytest.fixture
def converted(model: Callable[[str], Path], tmp_path: Path) -> PreparedModel:
    return ready(model("marian"), tmp_path)


def test_converted_once(
    model: Callable[[str], Path], converted: PreparedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "_run_converter", None)
    assert ready(model("marian"), tmp_path) == converted
    assert converted.folder.is_relative_to(tmp_path / "models")
    assert json.loads((converted.folder / "mycook.json").read_text())["quantization"] == "int8"
    assert [path.name for path in (tmp_path / "models").iterdir() if path.is_dir()] == [converted.folder.name]


@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing"])
@pytest.mark.parametrize("name", ["model.bin", "source.spm"])
def test_damaged_file_is_named_and_the_model_converted_again(
    model: Callable[[str], Path], converted: PreparedModel, tmp_path: Path, name: str, damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    path = converted.folder / name
    good = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        middle = len(good) // 2
        path.write_bytes(
            good[:middle] if damage == "truncated" else good[:middle] + bytes([good[middle] ^ 4]) + good[middle + 1 :]
        )
    with caplog.at_level(logging.WARNING):
        assert ready(model("marian"), tmp_path) == converted
    assert name in caplog.text
    assert path.read_bytes() == good


def test_conversion_that_was_killed_is_swept(
    model: Callable[[str], Path], converted: PreparedModel, tmp_path: Path
) -> None:
    left_over = tmp_path / "models" / f".{converted.folder.name}-killed"
    left_over.mkdir()
    (left_over / "model.bin").write_bytes(b"half")
    shutil.rmtree(converted.folder)
    ready(model("marian"), tmp_path)
    assert not left_over.exists()


def test_changed_source_is_another_model(model: Callable[[str], Path], tmp_path: Path) -> None:
    source = shutil.copytree(model("marian"), tmp_path / "own")
    first = ready(source, tmp_path)
    card = "---\nlanguage: de\nlicense: cc-by-4.0\n---\n# Mine\n"
    (source / "README.md").write_text(card)
    second = ready(source, tmp_path)
    assert first.revision != second.revision
    assert first.folder != second.folder
    assert (first.license, second.license) == ("unknown", "cc-by-4.0")


def test_what_mycook_json_says_goes_before_the_models_other_files(model: Callable[[str], Path], tmp_path: Path) -> None:
    source = shutil.copytree(model("marian"), tmp_path / "own")
    (source / "README.md").write_text("---\nlicense: apache-2.0\n---\n# Somebody's\n")
    (source / "mycook.json").write_text('{"license": "cc-by-nc-4.0", "max_positions": 20}')
    prepared = ready(source, tmp_path)
    assert (prepared.license, find(str(source), cache_dir=tmp_path).license) == ("cc-by-nc-4.0", "cc-by-nc-4.0")
    about = json.loads((prepared.folder / "mycook.json").read_text())
    assert (about["license"], about["max_positions"]) == ("cc-by-nc-4.0", 20)


def test_converted_mbart_is_used_where_it_starts_its_decoder_rightly(
    model: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(ready(model("mbart"), tmp_path).folder, tmp_path / "theirs")
    (folder / "mycook.json").unlink()  # what our conversion says of it
    (folder / "manifest.json").unlink()
    assert ready(folder, tmp_path).token == "de_DE"
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"decoder_start_token": None}))
    with pytest.raises(ModelError, match="its conversion starts the decoder as mBART-25 does"):
        ready(folder, tmp_path)


def test_own_folder_is_never_rewritten(model: Callable[[str], Path], tmp_path: Path) -> None:
    engine = shutil.copytree(model("mini"), tmp_path / "engine")
    write_manifest(engine)
    assert ready(engine, tmp_path).folder == engine
    (engine / "model.bin").write_bytes(b"short")
    with pytest.raises(ModelError, match=r"model\.bin has 5 of \d+ bytes"):
        ready(engine, tmp_path)


def test_weights_that_do_not_load(model: Callable[[str], Path], tmp_path: Path) -> None:
    source = shutil.copytree(model("marian"), tmp_path / "own")
    weights = source / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ModelError, match="cannot be converted"):
        ready(source, tmp_path)
    assert [path for path in (tmp_path / "models").iterdir() if path.is_dir()] == []


def test_folders_that_hold_no_translation_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="neither a CTranslate2 model"):
        resolve(str(tmp_path), "de", cache_dir=tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelError, match="'bert' model"):
        resolve(str(tmp_path), "de", cache_dir=tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match="not JSON"):
        resolve(str(tmp_path), "de", cache_dir=tmp_path)


def test_hub_model_offline_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"opus-mt-en-de was never downloaded.*offline") as caught:
        resolve("opus-mt", "de", cache_dir=tmp_path, offline=True)
    assert "--engine mini" in caught.value.hint


def test_devices() -> None:
    with pytest.raises(ModelError, match="unknown device"):
        hardware("tpu")
    assert pick_compute_type(MODELS["madlad400-3b-mt"], hardware("cpu")) == "int8"
    assert all(name not in ("float16", "int8_float16") for name in MODELS["madlad400-3b-mt"].compute_types["cuda"])


def test_registry_rows_are_whole() -> None:
    for name, spec in MODELS.items():
        assert spec.name == name
        assert spec.family in FAMILIES
        assert all(language(code).code == code for code in spec.languages)
        for row in spec.checkpoints.values():
            assert row.license
            assert (row.hub_id == "") == (name == "mini")
            assert row.revision is None or len(row.revision) == 40
    assert set(MODELS["opus-mt"].languages) == {"de", "fr", "cs", "zh", "ru", "vi", "es", "ja"}
    assert MODELS["opus-mt"].checkpoints["zh"].token == ">>cmn_Hans<<"
    assert MODELS["nllb-200-3.3B"].checkpoints["zh"].token == "zho_Hans"
    assert "te" not in MODELS["small100"].languages
    assert {"hi", "mr", "ta", "te"} <= set(MODELS["lmt-60-0.6B"].languages)


def test_folder_hash_is_of_names_and_contents(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "x").write_text("1")
        (tmp_path / name / ".hidden").write_text(name)
    assert folder_hash(tmp_path / "a") == folder_hash(tmp_path / "b")
    (tmp_path / "b" / "sub" / "x").rename(tmp_path / "b" / "sub" / "y")
    assert folder_hash(tmp_path / "a") != folder_hash(tmp_path / "b")
    assert damaged_files(tmp_path) == ["manifest.json is missing or unreadable"]
