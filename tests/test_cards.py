"""What a data set's card promises: whose captions they are, and how good."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from sources.writing import vatex, write_json

from multiyoucook2 import build
from multiyoucook2.cli.printing import build_result
from multiyoucook2.quality.review.overlay import Reviews, said_now, text_hash

OWN = {"database": {"ownvideo001": {
    "subset": "training", "recipe_type": "1", "video_url": "https://www.youtube.com/watch?v=ownvideo001",
    "duration": 60.0,
    "annotations": [{"id": 0, "segment": [1, 5], "sentence": "cut the onions"},
                    {"id": 1, "segment": [6, 9], "sentence": "fry them in oil"}],
}}}  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MULTIYOUCOOK2_CACHE", str(tmp_path / "cache"))


def card(folder: Path) -> tuple[dict[str, object], str]:
    """Head and text of a build's card."""
    head, text = (
        (folder / "dataset" / "README.md").read_text(encoding="utf-8").removeprefix("---\n").split("\n---\n", 1)
    )
    return yaml.safe_load(head), text


def test_own_captions_by_the_bundled_model_are_neither_youcook2_nor_the_data_set(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    own.write_text(json.dumps(OWN))
    build("multi-youcook2", annotations=own, engine="mini", langs="de", out=tmp_path / "out", offline=True)
    head, text = card(tmp_path / "out")
    title = "Captions of own.json (toy translations)"
    assert head["pretty_name"] == title
    assert head["license"] != ["mit"]
    assert text.startswith(f"# {title}\n")
    warning = "**The translations into de come from the small bundled model: they are for trials, not for results.**"
    assert text.index(warning) < text.index("## Configs and columns")
    models = text[text.index("## Models") :]
    assert "| licence | may train models |" in models
    assert "| cc-by-4.0 | yes |" in models
    assert "arXiv" not in text
    assert "Zhou" not in text
    described = json.loads((tmp_path / "out" / "dataset" / "croissant.json").read_text(encoding="utf-8"))
    assert described["name"] == title


def test_a_data_set_of_the_hub_in_a_language_of_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The card says whose captions they are; they were credited to a commit. It failed for such a language."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    repository, commit = tmp_path / "datasets--ana--kitchen", "0123456789abcdef" * 2 + "01234567"
    for folder in ("refs", f"snapshots/{commit}"):
        (repository / folder).mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    (repository / "snapshots" / commit / "train.jsonl").write_text('{"clip_id": "a", "caption": "cut the onions"}\n')
    (repository / "snapshots" / commit / "README.md").write_text("---\nlicense: <b>mine</b>\n---\n")
    (tmp_path / "own.csv").write_text("source,translation,lang\ncut the onions,сухана касса,cv\n", encoding="utf-8")
    result = build(
        "custom", annotations="hf:ana/kitchen", engine=f"table:{tmp_path / 'own.csv'}", langs="cv",
        out=tmp_path / "out", offline=True,
    )  # fmt: skip
    _, text = card(tmp_path / "out")
    assert f"Captions from hf:ana/kitchen@{commit}, and" in text
    assert f"annotations:\n- hf:ana/kitchen@{commit}\n" in text
    assert "Licence of the captions: &lt;b&gt;mine&lt;/b&gt;." in text
    assert "| cv (cv) | 1 |" in text
    build_result(result, as_json=False, show=0)
    assert "cv" in capsys.readouterr().out


def test_a_recipe_of_ones_own_keeps_its_title(tmp_path: Path, tiny_model: Path) -> None:
    recipe = tmp_path / "kitchen.yaml"
    (tmp_path / "own.json").write_text(json.dumps(OWN))
    values = {
        "source": "youcook2",
        "annotations": str(tmp_path / "own.json"),
        "languages": "de",
        "engine": str(tiny_model),
        "publication": {"pretty_name": "My kitchen", "license": "cc0-1.0"},
    }
    recipe.write_text(yaml.safe_dump(values))
    build(str(recipe), out=tmp_path / "out", offline=True)
    head, text = card(tmp_path / "out")
    assert head["pretty_name"] == "My kitchen"
    assert "bundled model" not in text


def test_figures_are_rounded_and_translations_by_people_need_no_reviewer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def figures(found: dict[str, object], *_: object) -> dict[str, object]:
        return {**found, "reviewed": 0, "calibrated": True, "meaning_kept": 0.57}  # 100 times that is less than 57

    monkeypatch.setattr("multiyoucook2.building.publishing.figures_after", figures)
    monkeypatch.setattr("multiyoucook2.building.publishing.quality_plots", lambda found: {})
    source = write_json(tmp_path / "vatex.json", vatex(["Ptf_2VRj-V0_000122_000132"]))
    build("multi-vatex", annotations=source, langs="zh", engine="none", out=tmp_path / "out", offline=True)
    text = card(tmp_path / "out")[1]
    assert "| Chinese (zh) | 10 | 10 | 0 | 57% |" in text
    assert "No person has reviewed" not in text


def test_rows_and_card_are_of_what_people_left(tmp_path: Path, tiny_model: Path) -> None:
    own, out = tmp_path / "own.json", tmp_path / "out"
    own.write_text(json.dumps(OWN))

    def rows() -> list[dict[str, object]]:
        build("multi-youcook2", annotations=own, engine=str(tiny_model), langs="de", out=out, offline=True)
        found: list[dict[str, object]] = pq.read_table(out / "dataset/de/train.parquet").to_pylist()
        return found

    first, second = rows()
    assert "**No person has reviewed these translations.**" in card(out)[1]
    assert (first["quality"], second["quality"]) == (0, 0)  # a random model's
    assert not first["accepted"]
    assert first["checks"]
    for row, action, text in ((first, "edit", "die Zwiebeln schneiden"), (second, "reject", "")):
        key = (str(row["clip_id"]), 0, "de")
        Reviews(out).append("ana", said_now(key, text_hash(str(row["caption"])), action, text))  # type: ignore[arg-type]
    edited, rejected = rows()
    assert edited == {
        **first, "caption": "die Zwiebeln schneiden", "origin": "human", "engine": None, "license": None,
        "may_train": None, "score": None, "quality": None, "flags": [], "checks": [], "accepted": True,
        "reviewed": True,
    }  # fmt: skip
    names = ("origin", "quality", "accepted", "reviewed", "caption")
    assert [rejected[name] for name in names] == ["machine", None, False, True, second["caption"]]
    assert "rejected:review" in rejected["flags"]  # type: ignore[operator]
    head, text = card(out)
    assert head["annotations_creators"] == ["expert-generated", "machine-generated"]
    assert "| German (de) | 2 | 1 | 1 | - |" in text
    assert "| review 1 |" in text
    assert "Reviewed by people: German 2 rows." in text
    assert "**de: 50% of the rows are refused.**" in text
    assert "null where a person wrote or reviewed the row" in text
    assert "keep the accepted rows where it is null" in text
    assert "none: as the source or a reviewer has it |" in text
    described = json.loads((out / "dataset/croissant.json").read_text(encoding="utf-8"))
    assert "quality, an estimate, is null" in described["rai:dataAnnotationProtocol"]
