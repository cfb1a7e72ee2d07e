"""Kinds of files that hold captions: data sets of others, tables, reviews, plans."""

import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sources.test_pickled import rudder
from sources.writing import msrvtt, read, vatex, write_csv, write_json, write_pickle

from multiyoucook2.quality.review.overlay import Reviews, said_now

from .kind import Kind

ROWS = [{"id": "one", "caption": "a cat sits", "split": "train"}, {"id": "two", "caption": "a dog", "split": "val"}]


def _captions(folder: Path) -> None:
    write_csv(folder / "a.csv", ROWS)
    write_csv(folder / "a.tsv", ROWS, "\t")
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    write_json(folder / "a.json", ROWS)
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "a.parquet")


def _others(folder: Path) -> None:
    write_json(folder / "msrvtt.json", msrvtt((3, 6513, 7020), 2))
    write_json(folder / "vatex_training.json", vatex(["-a_b_c_d_e9_000012_000022"]))
    (folder / "rudder").mkdir()
    rudder(folder / "rudder")
    row = {"id": "a", "caption": "mix", "caption_de": "misch", "s3d": np.ones((2, 3), np.float32)}
    write_pickle(folder / "youcook_train_audio_multilingual.pkl", [row, row | {"id": "b"}])


def _read_each(*names: str, source: str = "custom") -> Callable[[Path], Any]:
    def of(folder: Path) -> Any:
        return [read(source, folder / name).captions.num_rows for name in names]

    return of


def _read_rudder(folder: Path) -> Any:
    return read("rudder", *sorted((folder / "rudder").iterdir())).captions.num_rows


def _tables(folder: Path) -> None:
    write_csv(folder / "t.csv", [{"source": "mix", "translation": "misch", "lang": "de"}])
    (folder / "t.jsonl").write_text('{"source": "mix", "translation": "misch"}\n')
    pq.write_table(pa.table({"source": ["mix"], "translation": ["misch"]}), folder / "t.parquet")
    write_csv(folder / "pairs.tsv", [{"source": "mix", "translation": "misch"}], "\t")
    write_csv(folder / "terms.tsv", [{"source": "soy sauce", "translation": "Sojasoße", "lang": "de"}], "\t")
    marks = [{"clip_id": "a", "kept": "yes", "lang": "de", "caption_index": "0"}]
    write_csv(folder / "marks.tsv", marks, "\t")
    write_csv(folder / "marks.csv", marks)
    write_csv(folder / "de.tsv", [{"clip_id": "a", "caption_index": "0", "text": "misch"}], "\t")


def _read_table(folder: Path) -> Any:
    from multiyoucook2.engines.resolve import resolve

    for name in ("t.csv", "t.jsonl", "t.parquet"):
        resolve(f"table:{folder / name}", "de", cache_dir=folder / "cache", offline=True)


def _read_pairs(folder: Path) -> Any:
    from multiyoucook2.quality.pairfile import read_pair_file

    return read_pair_file(folder / "pairs.tsv")


def _read_terms(folder: Path) -> Any:
    from multiyoucook2.quality.glossary import read_glossary

    return read_glossary(folder / "terms.tsv", "de")


def _read_marks(folder: Path) -> Any:
    from multiyoucook2.quality.marks import read_marks

    return [read_marks(folder / name, ["de"]) for name in ("marks.tsv", "marks.csv")]


def _read_references(folder: Path) -> Any:
    from multiyoucook2.quality.references import read_references

    return read_references(folder / "de.tsv", ["de"])


def _reviews(folder: Path) -> None:
    for number in range(3):
        Reviews(folder).append("ana", said_now(("v_0", 0, "de"), "0" * 16, "edit", f"text {number}"))


def _read_reviews(folder: Path) -> Any:
    from multiyoucook2.quality.review.exchange import export_csv, import_csv

    reviews = Reviews(folder)
    reviews.content_hash()
    (folder / "x.csv").unlink(missing_ok=True)
    export_csv(reviews, folder / "x.csv")
    return len(reviews.latest()), import_csv(reviews, folder / "x.csv")


def _sweep(folder: Path) -> None:
    text = "dataset: a\nfeatures: b\nout: c\nseeds: [0, 1]\nruns:\n- {recipe: c2kd-tiny, set: {lr: 0.1}}\n"
    (folder / "sweep.yaml").write_text(text)


def _read_sweep(folder: Path) -> Any:
    from multiyoucook2.retrieval.training.sweep import read_sweep

    return read_sweep(folder / "sweep.yaml").seeds


def _parts(folder: Path) -> None:
    from multiyoucook2.features.extract.parts import Parts

    Parts(folder / "f", {"encoder": "x", "fps": 1.0})


def _read_parts(folder: Path) -> Any:
    from multiyoucook2.features.extract.parts import Parts

    return Parts(folder / "f", {"encoder": "x", "fps": 1.0}).has("v")


def _zip(folder: Path) -> None:
    with zipfile.ZipFile(folder / "m.zip", "w") as archive:
        archive.writestr("decoder.yml", "models: [a.npz]\nvocabs: [v.yml, v.yml]\n")
        for name, how in (("v.yml", zipfile.ZIP_DEFLATED), ("a.npz", zipfile.ZIP_BZIP2), ("x", zipfile.ZIP_LZMA)):
            archive.writestr(name, "a: 0\n" * 50, how)


def _read_zip(folder: Path) -> Any:
    from multiyoucook2.engines.marian_npz import marian_vocabulary
    from multiyoucook2.engines.zipped import unzipped

    return marian_vocabulary(unzipped(folder / "m.zip", folder / "cache"))


def _weights(folder: Path) -> None:
    import torch

    torch.save({"state_dict": {"text_proj.0.weight": torch.ones(3)}, "epoch": 3}, folder / "w.pth")
    torch.save({"fc.weight": torch.ones(3)}, folder / "old.pth", _use_new_zipfile_serialization=False)


def _read_weights(folder: Path) -> Any:
    from multiyoucook2.errors import ModelError
    from multiyoucook2.features.extract.torch_files import load_tensors
    from multiyoucook2.retrieval.model.c2kd_weights import read_reference_checkpoint

    for name in ("w.pth", "old.pth"):
        read_reference_checkpoint(folder / name)
        with suppress(OSError, EOFError, RuntimeError, ValueError):  # as its callers do
            load_tensors(folder / name, ModelError)


KINDS = [
    Kind("weights", _weights, ("*.pth",), _read_weights),
    Kind("zip", _zip, ("m.zip",), _read_zip),
    Kind("captions", _captions, ("a.*",), _read_each("a.csv", "a.tsv", "a.jsonl", "a.json", "a.parquet")),
    Kind("msrvtt", _others, ("msrvtt.json",), _read_each("msrvtt.json", source="msrvtt")),
    Kind("vatex", _others, ("vatex_training.json",), _read_each("vatex_training.json", source="vatex")),
    Kind("rudder", _others, ("rudder/*",), _read_rudder),
    Kind("released", _others, ("*.pkl",), _read_each("youcook_train_audio_multilingual.pkl", source="released")),
    Kind("table", _tables, ("t.*",), _read_table),
    Kind("pairs", _tables, ("pairs.tsv",), _read_pairs),
    Kind("terms", _tables, ("terms.tsv",), _read_terms),
    Kind("marks", _tables, ("marks.*",), _read_marks),
    Kind("references", _tables, ("de.tsv",), _read_references),
    Kind("reviews", _reviews, ("reviews/*",), _read_reviews),
    Kind("sweep", _sweep, ("sweep.yaml",), _read_sweep),
    Kind("parts", _parts, ("f.parts/settings.json",), _read_parts),
]
