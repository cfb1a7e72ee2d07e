"""What is published is what ``load_dataset`` reads, offline and streaming, without code of ours."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import FAST, MyCook

from multiyoucook2.corpus.card import card_hash, fill_card
from multiyoucook2.corpus.dataset import content_hash, dataset_about, dataset_files, dataset_tables, features_json
from multiyoucook2.corpus.hub_metadata import card_metadata, wrong_with
from multiyoucook2.corpus.tables import (
    ALL_CONFIG_COLUMNS,
    CAPTION,
    CLIP,
    HASHED_COLUMNS,
    LANGUAGE_CONFIG,
    TRANSLATION,
    VERDICT,
)
from multiyoucook2.errors import DatasetError, RecipeError
from multiyoucook2.files import json_bytes

READER = """
import json, sys
from datasets import get_dataset_config_names, load_dataset
folder = sys.argv[1]
found = {"configs": get_dataset_config_names(folder)}
for config in found["configs"]:
    data = load_dataset(folder, config)
    stream = load_dataset(folder, config, streaming=True)
    found[config] = {split: data[split].to_list() for split in data}
    assert {split: list(stream[split]) for split in stream} == found[config]
    found[config + " features"] = data["train"].features.to_dict()
    assert all(data[split].features == stream[split].features == data["train"].features for split in data)
assert load_dataset(folder)["train"].column_names == list(found["all"]["train"][0])
print(json.dumps(found))
"""


TEXTS = [("train", "chop it", []), ("validation", "fry it", ["whitespace"]), ("train", "eat it", [])]


def clips() -> pa.Table:
    rows = [
        {"clip_id": f"v{n}_0", "video_id": f"v{n}", "video_url": f"https://example.org/v{n}", "segment_index": 0,
         "start_s": 0.5, "end_s": 2.0, "split": split, "recipe_type": "1"}
        for n, (split, _, _) in enumerate(TEXTS)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=CLIP)


def captions() -> pa.Table:
    rows = [
        {"clip_id": f"v{n}_0", "caption_index": 0, "lang": "en", "text": text, "origin": "human", "flags": flags}
        for n, (_, text, flags) in enumerate(TEXTS)
    ]
    return pa.Table.from_pylist(rows, schema=CAPTION)


def translations(lang: str, texts: list[str]) -> pa.Table:
    rows = [
        {"clip_id": f"v{n}_0", "caption_index": 0, "lang": lang, "text": text, "score": -0.25, "model": "m",
         "revision": "r", "license": "mit", "decode_hash": "d", "flags": [] if text else ["empty"], "retries": 0,
         "origin": "machine"}
        for n, text in enumerate(texts)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=TRANSLATION)


def verdict(clip_id: str, lang: str, check: str, *, index: int = 0, severity: str = "reject") -> dict[str, object]:
    found = {"clip_id": clip_id, "caption_index": index, "lang": lang, "check": check, "severity": severity}
    return {**found, "reason": "so it is"}


def tables() -> dict[str, pa.Table]:
    return dataset_tables(
        clips(),
        captions(),
        {"de": translations("de", ["hacken", "braten", ""]), "ja": translations("ja", ["刻む", "焼く", "食べる"])},
        {
            "de": pa.Table.from_pylist([verdict("v2_0", "de", "empty")], schema=VERDICT),
            "ja": pa.Table.from_pylist([verdict("v1_0", "ja", "added", severity="signal")], schema=VERDICT),
        },
    )


def test_rows_by_hand() -> None:
    found = tables()
    assert list(found) == ["all", "en", "de", "ja"]
    assert tuple(found["all"].column_names) == ALL_CONFIG_COLUMNS
    assert found["all"].to_pylist()[2] == {
        "clip_id": "v2_0", "video_id": "v2", "video_url": "https://example.org/v2", "segment_index": 0, "start_s": 0.5,
        "end_s": 2.0, "recipe_type": "1", "captions": {"de": None, "en": "eat it", "ja": "食べる"},
        "flags": ["de:empty", "de:rejected:empty"],
    }  # fmt: skip
    assert found["all"].column("flags").to_pylist()[1] == ["whitespace"]
    assert found["de"].column_names == [name for name in LANGUAGE_CONFIG.names if name != "caption_index"]
    of_machine = {"origin": "machine", "engine": "m", "license": "mit", "may_train": True, "quality": None,
                  "checks": [], "reviewed": False}  # fmt: skip
    assert found["de"].to_pylist()[0] == {
        "clip_id": "v0_0", "caption": "hacken", "caption_en": "chop it", "score": -0.25, "flags": [], "accepted": True,
        **of_machine,
    }  # fmt: skip
    assert found["de"].to_pylist()[2] == {
        "clip_id": "v2_0", "caption": None, "caption_en": "eat it", "score": -0.25,
        "flags": ["empty", "rejected:empty"], "accepted": False, **of_machine, "checks": ["empty"],
    }  # fmt: skip
    assert found["en"].to_pylist()[1] == {
        "clip_id": "v1_0", "caption": "fry it", "caption_en": "fry it", "score": None, "flags": ["whitespace"],
        "accepted": True, **of_machine, "origin": "human", "engine": None, "license": None,
        "may_train": None,
    }  # fmt: skip
    assert all(row["accepted"] for row in found["ja"].to_pylist())  # a signal refuses nothing
    assert found["ja"]["checks"].to_pylist() == [[], ["added"], []]


def several() -> dict[str, pa.Table]:
    """Two captions of one clip, three of another; Chinese by people but for one that a machine added."""
    english = [
        ("v0_0", 0, "chop it"),
        ("v0_0", 1, "cut it"),
        ("v1_0", 0, "fry"),
        ("v1_0", 1, "roast"),
        ("v1_0", 2, "heat"),
    ]
    texts = pa.Table.from_pylist(
        [
            {"clip_id": clip, "caption_index": index, "lang": "en", "text": text, "origin": "human", "flags": []}
            for clip, index, text in english
        ],
        schema=CAPTION,
    )
    chinese = [
        {"clip_id": clip, "caption_index": index, "lang": "zh", "text": f"{text} zh", "origin": origin, "model": model,
         "license": model, "flags": []}
        for (clip, index, text), origin, model in zip(
            english, ["human", "human", "machine", "human", "human"], ["", "", "m", "", ""], strict=True
        )
        if (clip, index) != ("v0_0", 0)
    ]  # fmt: skip
    of_zh = pa.Table.from_pylist(chinese, schema=TRANSLATION)
    refused = pa.Table.from_pylist([verdict("v1_0", "zh", "numbers")], schema=VERDICT)
    return dataset_tables(clips().slice(0, 2), texts, {"zh": of_zh}, {"zh": refused})


def test_several_captions_a_clip_keep_their_places() -> None:
    found = several()
    assert [row["captions"] for row in found["all"].to_pylist()] == [
        {"en": ["chop it", "cut it"], "zh": [None, "cut it zh"]},
        {"en": ["fry", "roast", "heat"], "zh": ["fry zh", "roast zh", "heat zh"]},
    ]
    chinese = found["zh"].to_pylist()
    assert [(row["clip_id"], row["caption_index"], row["accepted"]) for row in chinese] == [
        ("v0_0", 1, True), ("v1_0", 0, False), ("v1_0", 1, True), ("v1_0", 2, True),
    ]  # fmt: skip
    of_people = ("human", None)
    made = [(row["origin"], row["engine"]) for row in chinese]
    assert made == [of_people, ("machine", "m"), of_people, of_people]
    assert [row["caption_en"] for row in chinese] == ["cut it", "fry", "roast", "heat"]
    files = dataset_files(found, clips().slice(0, 2))
    assert pq.read_table(pa.BufferReader(files["zh/validation.parquet"])).num_rows == 3
    features = features_json(found["all"].schema)["info"]["features"]["captions"]
    assert features["zh"]["_type"] == "Sequence"


def test_files_depend_on_the_rows_alone(tmp_path: Path) -> None:
    found = tables()
    files = dataset_files(found, clips())
    assert sorted(files) == sorted(f"{c}/{s}.parquet" for c in found for s in ("train", "validation"))
    chunked = {name: pa.concat_tables([table.slice(0, 1), table.slice(1)]) for name, table in found.items()}
    assert dataset_files(chunked, clips()) == files
    assert content_hash(chunked, clips()) == content_hash(found, clips())
    place = found["de"].schema.get_field_index("caption")
    other = found["de"].set_column(place, "caption", pa.array(["hacken", "braten", "essen"]))
    changed = {**found, "de": other}
    assert content_hash(changed, clips()) != content_hash(found, clips())
    assert content_hash(found, clips().set_column(6, "split", pa.array(["train"] * 3))) != content_hash(found, clips())
    assert set(dataset_files(found, clips().set_column(6, "split", pa.array(["train"] * 3)))) == {
        f"{config}/train.parquet" for config in found
    }


def test_features_are_what_datasets_writes() -> None:
    from datasets import Features, Translation

    for table in tables().values():
        features = Features.from_dict(json.loads(json.dumps(features_json(table.schema)["info"]["features"])))
        assert features.arrow_schema.remove_metadata() == table.schema
    assert features_json(tables()["all"].schema)["info"]["features"]["captions"] == {
        "languages": Translation(["de", "en", "ja"]).languages,
        "_type": "Translation",
    }


def test_load_dataset_reads_a_build(
    mycook: MyCook, tiny_model: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    mycook(
        "build",
        "--recipe",
        FAST,
        "--offline",
        "--engine",
        tiny_model,
        "--langs",
        "de,ja",
        "--limit",
        40,
        "--out",
        "out",
    )
    folder = tmp_path / "out/dataset"
    reader = tmp_path / "reader.py"
    reader.write_text(READER)
    settings = environment | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": ""}
    done = subprocess.run(
        [sys.executable, str(reader), str(folder)], cwd=tmp_path, env=settings, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["configs"] == ["all", "en", "de", "ja"]
    assert found["all features"]["captions"] == {"languages": ["de", "en", "ja"], "_type": "Translation"}
    rows = {config: [row for split in found[config].values() for row in split] for config in found["configs"]}
    assert [row["clip_id"] for row in rows["de"]] == [row["clip_id"] for row in rows["all"]]
    assert len(rows["ja"]) == 40
    for one, de in zip(rows["all"], rows["de"], strict=True):
        assert one["captions"]["de"] == de["caption"]
        assert one["captions"]["en"] == de["caption_en"]
        assert de["accepted"] is not any(flag.startswith("rejected:") for flag in de["flags"])
    check_card(folder, rows["de"])


def check_card(folder: Path, german: list[dict[str, object]]) -> None:
    """The card's figures are those of the rows."""
    about, card = dataset_about(folder), (folder / "README.md").read_text(encoding="utf-8")
    head = yaml.safe_load(card.split("---\n")[1])
    assert [config["config_name"] for config in head["configs"]] == ["all", "en", "de", "ja"]
    assert (head["language"], head["license"]) == (["en", "de", "ja"], ["apache-2.0"])
    accepted = sum(1 for row in german if row["accepted"])
    assert f"| German (de) | 40 | {accepted} | {40 - accepted} |" in card
    assert f"`{about.content_hash}`" in card
    assert "Limited to the first 40 clips" in card
    recipe = yaml.safe_load(card.split("```yaml\n")[1].split("```")[0])
    assert (recipe["engine"], recipe["languages"], recipe["decoding"]["beam_size"]) == ("tiny", ["en", "de", "ja"], 1)
    for path in folder.rglob("*.parquet"):
        assert pq.read_metadata(path).num_row_groups == 1


def test_cards_name_non_commercial_models_and_refuse_gaps() -> None:
    metadata = card_metadata(
        "A", ["mit", "CC-BY-NC-4.0", "my own terms"], ["en", "de"], {"all/train.parquet"}, 999, "c0ffee" * 4
    )
    assert metadata["license"] == "other"  # with a name that the Hub does not know, all are named beside it
    assert metadata["license_name"] == "cc-by-nc-4.0-and-mit-and-my-own-terms"
    assert card_metadata("A", ["mit", "CC-BY-4.0"], ["en"], {"all/train.parquet"}, 1, "c0")["license"] == [
        "cc-by-4.0",
        "mit",
    ]
    assert wrong_with(metadata) is None
    assert wrong_with(metadata | {"task_categories": ["text-to-movie"]}) == "task_categories cannot be 'text-to-movie'"
    assert "wants license_name" in str(wrong_with({k: v for k, v in metadata.items() if k != "license_name"}))
    assert metadata["size_categories"] == ["n<1K"]
    howto100m = card_metadata("A", ["mit"], ["en"], {"all/train.parquet"}, 136_000_000, "c0")
    assert howto100m["size_categories"] == ["100M<n<1B"]
    assert metadata["configs"][0]["data_files"] == [{"split": "train", "path": "all/train.parquet"}]
    with pytest.raises(RecipeError, match="unknown card template 'mimi'") as caught:
        card_hash("mimi")
    assert "did you mean 'mini'" in caught.value.hint
    with pytest.raises(RecipeError, match=r"does not fit a data set: .* is undefined"):
        fill_card("mini", metadata, {})


def test_a_folder_that_is_not_ours(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no data set of ours"):
        dataset_about(tmp_path)
    (tmp_path / "multiyoucook2.json").write_text("[]")
    with pytest.raises(DatasetError, match="is damaged"):
        dataset_about(tmp_path)


def test_the_cache_of_datasets_tells_contents_apart(tmp_path: Path, environment: dict[str, str]) -> None:
    """``datasets`` caches local folders by name and card; both folders here are called ``dataset``."""
    counts = []
    for number, rows in enumerate((3, 2)):
        shown = clips().slice(0, rows)
        found = {"en": tables()["en"].slice(0, rows), "all": tables()["all"].slice(0, rows)}
        folder = tmp_path / str(number) / "dataset"
        files = dataset_files(found, shown)
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        # The split sizes that the card states elsewhere are the same here: the content alone must tell them apart.
        metadata = card_metadata("A", ["mit"], ["en"], files, 2, content_hash(found, shown))
        (folder / "README.md").write_text(f"---\n{yaml.safe_dump(metadata)}---\n")
        code = f"from datasets import load_dataset; print(len(load_dataset({str(folder)!r}, 'en', split='train')))"
        settings = environment | {"HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": str(tmp_path / "cache")}
        counts.append(subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True).stdout)
    assert counts == ["2\n", "1\n"]


def test_the_hash_covers_the_json_of_all_columns_whatever_pieces_it_is_made_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pieces add up to the one document that the first version hashed."""
    tables = dataset_tables(
        clips(), captions(), {"de": translations("de", ["a", "", "c"])}, {"de": VERDICT.empty_table()}
    )
    digest = hashlib.sha256(json_bytes(clips().column("split").to_pylist()))
    for config in sorted(tables):
        names = tables[config].column_names
        hashed = names if config == "all" else [name for name in HASHED_COLUMNS if name in names]
        digest.update(json_bytes([config, tables[config].select(hashed).to_pydict()]))
    for rows in (1, 2, 50_000):
        monkeypatch.setattr("multiyoucook2.corpus.dataset.HASHED_ROWS", rows)
        assert content_hash(tables, clips()) == digest.hexdigest()


def test_a_caption_that_a_language_lacks_keeps_its_place() -> None:
    """Clip v0 has English 0, 1, 2 and German 0 and 2; v1 has no German; a reject of one leaves its neighbours."""
    places = [("v0_0", 0), ("v0_0", 1), ("v0_0", 2), ("v1_0", 0), ("v2_0", 0)]
    said = {"lang": "en", "origin": "human", "flags": []}
    rows = [{**said, "clip_id": clip, "caption_index": index, "text": f"{clip} {index}"} for clip, index in places]
    english = pa.Table.from_pylist(rows, schema=CAPTION)
    made = {"lang": "de", "score": -1.0, "model": "m", "revision": "r", "license": "mit", "decode_hash": "d",
            "flags": ["loop"], "retries": 0, "origin": "machine"}  # fmt: skip
    rows = [{**made, "clip_id": clip, "caption_index": index, "text": f"de {index}"} for clip, index in places[::2]]
    german = pa.Table.from_pylist(rows, schema=TRANSLATION)
    refused = {"clip_id": "v0_0", "caption_index": 2, "lang": "de", "check": "script", "severity": "reject"}
    verdicts = pa.Table.from_pylist([{**refused, "reason": "x", "score": 1.0}], schema=VERDICT)
    tables = dataset_tables(clips(), english, {"de": german}, {"de": verdicts})
    assert [row["captions"] for row in tables["all"].to_pylist()] == [
        {"de": ["de 0", None, "de 2"], "en": ["v0_0 0", "v0_0 1", "v0_0 2"]},
        {"de": None, "en": ["v1_0 0"]},
        {"de": ["de 0"], "en": ["v2_0 0"]},
    ]
    assert tables["all"]["flags"].to_pylist() == [["de:loop", "de:loop", "de:rejected:script"], [], ["de:loop"]]
    shown = [
        (row["caption_index"], row["caption_en"], row["flags"], row["accepted"]) for row in tables["de"].to_pylist()
    ]
    assert shown == [
        (0, "v0_0 0", ["loop"], True), (2, "v0_0 2", ["loop", "rejected:script"], False), (0, "v2_0 0", ["loop"], True),
    ]  # fmt: skip
