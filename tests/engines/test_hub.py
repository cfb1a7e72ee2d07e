"""Download and conversion through the real Hub client, against a server on this machine."""

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from multiyoucook2.engines import download as hub
from multiyoucook2.engines.base import Search
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.find import find
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.errors import FetchError, ModelError

from .hub_server import COMMIT, serve

GREEDY = Search(beam_size=1, length_penalty=1.0, output_factor=0.0, output_extra=8)
DE = "Helsinki-NLP/opus-mt-en-de"


@pytest.fixture
def repository(model: Callable[[str], Path], tmp_path: Path) -> Path:
    """A repository as on the hub: weights in two formats, a card, and files that no conversion reads."""
    folder = shutil.copytree(model("marian"), tmp_path / "repository")
    (folder / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n# A model\n")
    for name in ("tf_model.h5", "pytorch_model.bin", "rust_model.ot"):
        (folder / name).write_bytes(b"never downloaded")
    return folder


def test_downloaded_once_and_the_commit_recorded(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setattr(hub, "LARGE_BYTES", 1000)
    with serve({DE: repository}) as (endpoint, requests), caplog.at_level(logging.INFO, "multiyoucook2"):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        prepared = resolve("opus-mt", "de", cache_dir=cache, offline=False).prepare("cpu")
        asked = len(requests)
        assert resolve("opus-mt", "de", cache_dir=cache, offline=False).prepare("cpu") == prepared
        assert len(requests) == asked
    assert (prepared.revision, prepared.license) == (COMMIT, "cc-by-4.0")
    assert not [line for line in requests if "tf_model" in line or "pytorch_model" in line or "rust" in line]
    assert "downloading Helsinki-NLP/opus-mt-en-de: 0.0 GB" in caplog.text
    assert resolve("opus-mt", "de", cache_dir=cache, offline=True).prepare("cpu") == prepared
    shutil.rmtree(prepared.folder)  # the snapshot is still there: converting again needs no network
    assert resolve("opus-mt", "de", cache_dir=cache, offline=True).prepare("cpu") == prepared


def test_a_damaged_download_is_named_and_downloaded_again(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with serve({DE: repository}) as (endpoint, _):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        prepared = resolve("opus-mt", "de", cache_dir=tmp_path / "cache", offline=False).prepare("cpu")
        (weights,) = (tmp_path / "cache").glob("hub/models--*/snapshots/*/model.safetensors")
        data = bytearray(weights.read_bytes())
        data[len(data) // 2] ^= 1
        weights.write_bytes(data)
        shutil.rmtree(prepared.folder)
        with pytest.raises(FetchError, match="is not whole in"):
            resolve("opus-mt", "de", cache_dir=tmp_path / "cache", offline=True).prepare("cpu")
        assert "model.safetensors has another hash" in caplog.text
        assert resolve("opus-mt", "de", cache_dir=tmp_path / "cache", offline=False).prepare("cpu") == prepared
        assert weights.read_bytes() == (repository / "model.safetensors").read_bytes()


def test_fingerprint_resolves_the_commit_without_a_download(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve({DE: repository}) as (endpoint, requests):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        first = resolve("opus-mt", "de", cache_dir=tmp_path, offline=False).fingerprint(Decoding())
        assert requests == [f"GET /api/models/{DE}"]
    assert resolve("opus-mt", "de", cache_dir=tmp_path, offline=True).fingerprint(Decoding()) == first
    assert json.loads(next(tmp_path.glob("revisions/*.json")).read_text())["revision"] == COMMIT


def test_hub_that_lacks_the_model_or_cannot_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve({}) as (endpoint, _):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        with pytest.raises(ModelError, match="the hub has no model Helsinki-NLP/opus-mt-en-de"):
            resolve("opus-mt", "de", cache_dir=tmp_path, offline=False).prepare("cpu")
    with pytest.raises(FetchError, match="cannot be asked") as caught:  # the server is gone
        resolve("opus-mt", "de", cache_dir=tmp_path, offline=False).prepare("cpu")
    assert "--engine mini" in caught.value.hint


def test_gated_model_says_what_to_do(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve({"google/translategemma-4b-it": repository}, gated=("google/translategemma-4b-it",)) as (endpoint, _):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        for ask in (
            lambda: find("google/translategemma-4b-it", cache_dir=tmp_path),
            lambda: resolve("translategemma-4b", "de", cache_dir=tmp_path).prepare("cpu"),
        ):
            with pytest.raises(FetchError, match="google/translategemma-4b-it is gated") as caught:
                ask()
            assert "accept its terms" in caught.value.hint


def test_no_room_is_said_before_the_download(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(hub.shutil, "disk_usage", lambda _: usage._replace(free=10))
    with serve({DE: repository}) as (endpoint, requests):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        with pytest.raises(FetchError, match="are free"):
            resolve("opus-mt", "de", cache_dir=tmp_path, offline=False).prepare("cpu")
        assert not [line for line in requests if "/resolve/" in line]


def test_repository_without_usable_weights(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "model.safetensors").unlink()
    (repository / "pytorch_model.bin").unlink()
    with serve({DE: repository}) as (endpoint, _):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        with pytest.raises(ModelError, match="neither safetensors nor PyTorch weights"):
            resolve(DE, "de", cache_dir=tmp_path, offline=False).prepare("cpu")


def test_any_hub_id_is_recognised_before_its_weights_are_downloaded(
    model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve({"somebody/nllb-cooking": model("nllb")}) as (endpoint, requests):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        found = find("somebody/nllb-cooking", cache_dir=tmp_path)
        assert (found.family, found.weights, found.refused) == ("nllb", "safetensors", "")
        assert {"deu_Latn", "zho_Hans"} <= set(found.languages)
        assert found.revision == COMMIT
        engine = resolve("somebody/nllb-cooking", "zh", cache_dir=tmp_path)
        assert (engine.family, engine.token, engine.revision) == ("nllb", "zho_Hans", COMMIT)
        assert not [line for line in requests if "safetensors" in line]
        prepared = engine.prepare("cpu")
        assert [line for line in requests if line.startswith("GET") and "safetensors" in line]
    again = resolve(f"somebody/nllb-cooking@{COMMIT}", "zh", cache_dir=tmp_path, offline=True)
    assert again.prepare("cpu") == prepared


def test_ready_ctranslate2_repository_is_run_as_it_is(
    model: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve({"somebody/opus-ct2": model("ctranslate2")}) as (endpoint, _):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        assert find("somebody/opus-ct2", cache_dir=tmp_path).weights == "ctranslate2"
        prepared = resolve("somebody/opus-ct2", "de", cache_dir=tmp_path).prepare("cpu")
    assert not list((tmp_path / "models").glob("*@*/model.bin"))
    opened = prepared.open(Decoding(), 1)
    assert len(opened.translate(opened.read(["add salt"]), GREEDY)) == 1


def test_registered_hub_id_is_its_row(tmp_path: Path) -> None:
    commit = "f" * 40
    found = resolve(f"facebook/nllb-200-distilled-600M@{commit}", "ko", cache_dir=tmp_path, offline=True)
    assert (found.name, found.revision, found.token) == ("nllb-200-distilled-600M", commit, "kor_Hang")


@pytest.mark.parametrize(
    ("hub_id", "lang", "token"),
    [
        ("Helsinki-NLP/opus-mt-tc-big-en-zle", "uk", ">>ukr<<"),
        ("Helsinki-NLP/opus-mt-en-zh", "zh-Hant", ">>cmn_Hant<<"),
        ("google/madlad400-3b-mt", "la", "<2la>"),
        ("xiaomi-research/MiLMMT-46-1B-v1.0", "hi", None),
    ],
)
def test_registered_hub_id_into_a_language_that_its_row_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hub_id: str, lang: str, token: str | None
) -> None:
    """Its own files decide; no weights are downloaded for it."""
    (tmp_path / "served").mkdir()
    kind = {"google": "t5", "xiaomi-research": "gemma3_text"}.get(hub_id.split("/")[0], "marian")
    tokens = {"</s>": 0, ">>ukr<<": 1, ">>rus<<": 2, ">>zho<<": 3, ">>cmn_Hans<<": 4, ">>cmn_Hant<<": 5}
    fast = {"added_tokens": [{"content": code} for code in ("<2de>", "<2la>")]}
    for name, content in {
        "config.json": {"model_type": kind}, "model.safetensors": {}, "tokenizer_config.json": {"source_lang": "eng"},
        **({"vocab.json": tokens} if kind == "marian" else {"tokenizer.json": fast}),
    }.items():  # fmt: skip
        (tmp_path / "served" / name).write_text(json.dumps(content))
    (tmp_path / "served" / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n")
    with serve({hub_id: tmp_path / "served"}) as (endpoint, requests):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        found = resolve(hub_id, lang, cache_dir=tmp_path)
        assert (found.name, found.token, found.license, found.revision) == (hub_id, token, "cc-by-4.0", COMMIT)
        if token:
            with pytest.raises(ModelError, match=r"has no token '.*ch.*' in its vocabulary") as caught:
                resolve(hub_id, "ch", cache_dir=tmp_path)  # Chamorro
            assert "language tokens" in caught.value.hint
        if kind == "marian":
            with pytest.raises(ModelError, match="does not translate from 'de'"):
                resolve(hub_id, lang, source_lang="de", cache_dir=tmp_path)
        assert not [line for line in requests if "safetensors" in line]


def test_registered_model_of_one_language_serves_no_other(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = json.loads((repository / "tokenizer_config.json").read_text()) | {"target_lang": "de"}
    (repository / "tokenizer_config.json").write_text(json.dumps(config))
    with serve({DE: repository}) as (endpoint, _):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        with pytest.raises(ModelError, match="does not translate into 'fr'") as caught:
            resolve(DE, "fr", cache_dir=tmp_path)
        assert "it serves de" in caught.value.hint


def test_hub_id_that_is_no_translation_model_says_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, files in {
        "bert": {"config.json": '{"model_type": "bert"}', "model.safetensors": "x"},
        "gguf": {"config.json": '{"model_type": "qwen3"}', "q.gguf": "x"},
        "t5": {"config.json": '{"model_type": "t5"}', "model.safetensors": "x"},
    }.items():
        (tmp_path / name).mkdir()
        for file, content in files.items():
            (tmp_path / name / file).write_text(content)
    with serve({f"a/{name}": tmp_path / name for name in ("bert", "gguf", "t5")}) as (endpoint, _):
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        assert "is a 'bert' model" in find("a/bert", cache_dir=tmp_path).refused
        assert "GGUF only" in find("a/gguf", cache_dir=tmp_path).refused
        assert "is a 't5' model" in find("a/t5", cache_dir=tmp_path).refused
        with pytest.raises(ModelError, match="'bert' model, which is no translation model"):
            resolve("a/bert", "de", cache_dir=tmp_path)
    with pytest.raises(ModelError, match="neither a folder") as caught:
        find("tc-big", cache_dir=tmp_path)
    row = find("opus-mt-tc-big", cache_dir=tmp_path, offline=True)
    assert (row.family, row.license, row.may_train) == ("marian", "cc-by-4.0", True)
    assert "Helsinki-NLP/opus-mt-tc-big-en-fr" in row.known_as
    assert "Helsinki-NLP/opus-mt-tc-big-en-fr" in caught.value.hint
