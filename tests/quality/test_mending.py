"""``mycook repair``: doubtful rows of a finished build get other translations, and rows and recipe say how."""

import csv
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from multiyoucook2.building import mending
from multiyoucook2.building.api import build
from multiyoucook2.building.mending import repair_build
from multiyoucook2.building.opening import open_build
from multiyoucook2.building.translating import load_translations, translations_of
from multiyoucook2.building.workspace import Workspace
from multiyoucook2.errors import MyCookError, WorkspaceError
from multiyoucook2.quality.pairs import published_pairs
from tests.conftest import FAST, ROOT, MyCook

CLIPS = 6
REFERENCES = ROOT / "pipelines" / "mini_nmt" / "references" / "de.tsv"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory, made: Path) -> str:
    """The sound translations of the build's captions, as an engine."""
    with REFERENCES.open(encoding="utf-8", newline="") as file:
        sound = {row["clip_id"]: row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    path = tmp_path_factory.mktemp("table") / "sound.tsv"
    pairs = published_pairs(made, "de").items()
    rows = [f"{english}\t{sound[clip]}\tmachine" for (clip, _), (english, _) in pairs if clip in sound]
    path.write_text("\n".join(["source\ttranslation\torigin", *rows]) + "\n", encoding="utf-8")
    return f"table:{path}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """A build by a random model. Never write into it."""
    out = tmp_path_factory.mktemp("made") / "out"
    overrides = {"checks": {"alignment": True}}
    build(str(FAST), engine=str(tiny_model), langs="de", limit=CLIPS, offline=True, out=out, overrides=overrides)
    return out


def test_a_second_engine_mends_and_its_name_stands_in_the_rows(made: Path, table: str, mycook: MyCook) -> None:
    done = mycook("repair", made, "--engine", table, "--ways", "parts", "--below", "0.9", "--offline", "--json")
    found = json.loads(done.stdout)["languages"]["de"]
    rows = [row for file in (made / "dataset" / "de").glob("*.parquet") for row in pq.read_table(file).to_pylist()]
    mended = [row for row in rows if "repaired:engine" in row["flags"]]
    assert found["rows"] == len(rows) == CLIPS
    assert found["ways"]["engine"] == len(mended) >= CLIPS // 2
    assert {row["engine"] for row in mended} == {"sound.tsv"}
    kept = open_build(made).results[translations_of("de")]
    assert {row["clip_id"] for row in kept.to_pylist() if row["first"] is not None} == {r["clip_id"] for r in mended}
    assert (made / "report" / "index.html").read_text(encoding="utf-8").count('<th class="text">before</th>') == 1
    assert found["refused"] <= found["refused_before"]
    # of so few rows by such engines: no share of meaning kept, and no refusals by quality
    assert (found["kept_before"], found["kept"], found["uncalibrated"]) == (None, None, CLIPS)
    recipe = yaml.safe_load((made / "recipe.yaml").read_text(encoding="utf-8"))
    assert recipe["repair"]["engine"] == table
    assert recipe["repair"]["ways"] == ["parts"]
    again = mycook("repair", made, "--offline", "--json", "--quiet")
    assert json.loads(again.stdout)["languages"]["de"]["repaired"] == found["repaired"]
    printed = " ".join(mycook("repair", made, "--offline").stdout.split())
    assert f"engine {len(mended)}" in printed
    assert f"{CLIPS} rows are uncalibrated" in printed


def test_tables_of_before_the_first_texts_were_kept_are_read(made: Path, tmp_path: Path) -> None:
    now = open_build(made).results[translations_of("de")]
    pq.write_table(now.drop_columns(["first"]), tmp_path / "old.parquet")
    assert load_translations(tmp_path / "old.parquet").schema.names == now.schema.names


def test_a_trial_of_a_few_clips_does_not_shrink_the_data_set(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "out")
    with pytest.raises(WorkspaceError, match="has read no captions yet"):
        mending._limit(workspace)
    build(str(FAST), limit=3, until="fetch", out=workspace.root, offline=True)
    assert mending._limit(workspace) == 3
    build(str(FAST), limit=CLIPS, engine="none", langs="en", out=workspace.root, offline=True)
    build(str(FAST), limit=2, until="fetch", out=workspace.root, offline=True)
    assert mending._limit(workspace) == CLIPS


def test_what_cannot_be_repaired_is_one_clear_line(made: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="is not a build folder"):
        repair_build(tmp_path, {})
    with pytest.raises(MyCookError, match="ways"):
        repair_build(made, {"ways": ["magic"]}, offline=True)
    for name in ("build.json", "recipe.yaml"):
        shutil.copy(made / name, tmp_path)
    recipe = yaml.safe_load((tmp_path / "recipe.yaml").read_text(encoding="utf-8"))
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump({**recipe, "engine": "none"}), encoding="utf-8")
    with pytest.raises(MyCookError, match="translates nothing that could be mended"):
        repair_build(tmp_path, {})
    with pytest.raises(MyCookError, match="--candidates says nothing about parts"):
        repair_build(made, {"ways": ["parts"], "candidates": 8, "engine": None}, offline=True)
    with pytest.raises(MyCookError):
        repair_build(made, {"engine": "nobody-knows-this"}, offline=True)
