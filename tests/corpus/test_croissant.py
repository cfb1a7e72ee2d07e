"""The Croissant description: mlcroissant reads our rows by it."""

import json
from pathlib import Path

import pytest

from multiyoucook2.corpus.croissant import CROISSANT_FILE, croissant
from multiyoucook2.corpus.dataset import dataset_files

from .test_dataset import clips, several, tables

mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")


def written(folder: Path, found: dict[str, object], shown: object) -> Path:
    files = dataset_files(found, shown)  # type: ignore[arg-type]
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    about = croissant(
        files, name="small", description="Three made-up captions.", license_="mit", url="https://example.org",
        citation="@misc{a}", languages=["en", "de", "ja"], version="1.0.0",
        notes={"dataCollection": "made up", "dataBiases": "kitchens only"},
    )  # fmt: skip
    (folder / CROISSANT_FILE).write_text(json.dumps(about))
    return folder / CROISSANT_FILE


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:mlcroissant")
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
def test_mlcroissant_reads_our_rows(tmp_path: Path) -> None:
    path = written(tmp_path, dict(tables()), clips())
    found = mlcroissant.Dataset(jsonld=str(path))
    assert not found.metadata.issues.errors
    rows = list(found.records("de/train"))
    texts = [row["de/train/caption"] for row in rows]
    assert [text.decode() if isinstance(text, bytes) else text for text in texts] == ["hacken", None]
    assert [row["de/train/accepted"] for row in rows] == [True, False]
    together = next(iter(found.records("all/validation")))
    assert together["all/validation/captions/ja"] in ("焼く", "焼く".encode())


def test_every_file_is_described_with_its_hash(tmp_path: Path) -> None:
    path = written(tmp_path, dict(several()), clips().slice(0, 2))
    about = json.loads(path.read_text())
    assert {row["contentUrl"] for row in about["distribution"]} == {
        file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.parquet")
    }
    assert all(len(row["sha256"]) == 64 for row in about["distribution"])
    keys = {row["@id"]: [key["@id"] for key in row["key"]] for row in about["recordSet"]}
    assert keys["zh/train"] == ["zh/train/clip_id", "zh/train/caption_index"]
    fields = {field["@id"]: field for row in about["recordSet"] for field in row["field"]}
    assert fields["all/train/captions/zh"]["repeated"] is True
