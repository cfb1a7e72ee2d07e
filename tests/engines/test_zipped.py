"""OPUS-MT's zips: a model in Marian's own format, unpacked safely, run like any other."""

import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_families import made_up_lines

from multiyoucook2.engines.base import Search
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.find import find
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.errors import ModelError

GREEDY = Search(beam_size=1, length_penalty=1.0, output_factor=0.0, output_extra=8)
TEXTS = made_up_lines(6)


def zip_of(folder: Path, path: Path, **more: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)
        for name, content in more.items():
            archive.writestr(name, content)
    return path


def said_by(engine: str, cache: Path) -> list[str]:
    opened = resolve(engine, "de", cache_dir=cache, offline=True).prepare("cpu").open(Decoding(), 1)
    return [best.text for (best,) in opened.translate(opened.read(TEXTS), GREEDY)]


def test_zip_says_what_its_folder_says(model: Callable[[str], Path], cache: Path, tmp_path: Path) -> None:
    folder = model("marian-npz")
    path = zip_of(folder, tmp_path / "opus-2020-02-26.zip", **{"sub/preprocess.sh": b"never run"})
    found = find(str(path), cache_dir=tmp_path)
    assert (found.family, found.weights, found.refused) == ("marian", "npz", "")
    assert said_by(str(path), tmp_path) == said_by(str(folder), cache)
    engine = resolve(str(path), "de", cache_dir=tmp_path)
    assert (engine.name, len(engine.revision)) == ("opus-2020-02-26", 64)
    (unpacked,) = (tmp_path / "zips").iterdir()
    assert {file.name for file in unpacked.iterdir()} == {file.name for file in folder.iterdir()}


def test_conversion_that_ends_the_source_itself_gets_one_end(
    model: Callable[[str], Path], cache: Path, tmp_path: Path
) -> None:
    """As ``ct2-opus-mt-converter`` writes it, whose models append ``</s>``."""
    from ctranslate2.converters import OpusMTConverter

    OpusMTConverter(str(model("marian-npz"))).convert(str(tmp_path / "own"), quantization="int8")
    for name in ("source.spm", "target.spm"):
        (tmp_path / "own" / name).write_bytes((model("marian-npz") / name).read_bytes())
    assert json.loads((tmp_path / "own" / "config.json").read_text())["add_source_eos"]
    assert said_by(str(tmp_path / "own"), cache) == said_by(str(model("marian-npz")), cache)


@pytest.mark.parametrize(
    ("name", "mode", "message"),
    [
        ("../evil", 0, "points outside of it"),
        ("/evil", 0, "points outside of it"),
        ("C:evil", 0, "points outside of it"),
        ("source.bpe", stat.S_IFLNK | 0o777, "a link as a member"),
    ],
)
def test_unsafe_zip_is_refused(
    model: Callable[[str], Path], tmp_path: Path, name: str, mode: int, message: str
) -> None:
    path = zip_of(model("marian-npz"), tmp_path / "m.zip")
    row = zipfile.ZipInfo(name)
    row.external_attr = mode << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(row, "x")
    with pytest.raises(ModelError, match=message):
        resolve(str(path), "de", cache_dir=tmp_path / "cache")
    assert not (tmp_path / "evil").exists()
    assert not list((tmp_path / "cache").glob("zips/*"))


def test_damaged_zip_and_incomplete_model(model: Callable[[str], Path], tmp_path: Path) -> None:
    path = zip_of(model("marian-npz"), tmp_path / "m.zip")
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="is not a whole zip"):
        resolve(str(path), "de", cache_dir=tmp_path)
    path.write_bytes(b"PK no")
    with pytest.raises(ModelError, match="is not a whole zip"):
        resolve(str(path), "de", cache_dir=tmp_path)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "decoder.yml").write_text("models: [a.npz]\nvocabs: [../x.yml]\n")
    with pytest.raises(ModelError, match=r"lacks a\.npz, \.\./x\.yml, which decoder\.yml names"):
        resolve(str(folder), "de", cache_dir=tmp_path)
    (folder / "decoder.yml").write_text("models: {")
    with pytest.raises(ModelError, match="names no models and vocabs"):
        resolve(str(folder), "de", cache_dir=tmp_path)
