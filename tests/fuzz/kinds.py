"""The kinds of files that the product reads: how a sound one is made, and the function by which it is read."""

import io
import json
import os
import pickle
import shutil
import tarfile
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from conftest import FAST, ROOT
from retrieval.small_data import make_dataset

from multiyoucook2.files import json_bytes, replace_folder

from . import source_kinds
from .kind import Kind


def _annotations(folder: Path) -> None:
    shutil.copy(ROOT / "multiyoucook2/mini/annotations.json", folder / "whole.json")
    found = json.loads((folder / "whole.json").read_text())["database"]
    text = json.dumps({"database": dict(list(found.items())[:4])}).encode()
    (folder / "whole.json").unlink()
    (folder / "a.json").write_bytes(text)
    with tarfile.open(folder / "a.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("a.json")
        info.size, info.pax_headers = len(text), {"comment": "x"}
        archive.addfile(info, io.BytesIO(text))
    (folder / "raw.tar").write_bytes(b"")


def _read_annotations(name: str) -> Callable[[Path], Any]:
    def read(folder: Path) -> Any:
        from multiyoucook2.sources.youcook2 import read_clips

        return read_clips(folder / name).num_rows

    return read


def _tar(folder: Path) -> None:
    """The tar itself is changed, and zipped after that: gzip's checksum would hide most changes."""
    _annotations(folder)
    import gzip

    (folder / "inner.tar").write_bytes(gzip.decompress((folder / "a.tar.gz").read_bytes()))


def _read_tar(folder: Path) -> Any:
    import gzip

    (folder / "a.tar.gz").write_bytes(gzip.compress((folder / "inner.tar").read_bytes(), 1))
    return _read_annotations("a.tar.gz")(folder)


def _recipes(folder: Path) -> None:
    (folder / "build.yaml").write_text(FAST.read_text())
    shutil.copy(ROOT / "pipelines/training/c2kd-tiny.yaml", folder / "train.yaml")
    (folder / "set.txt").write_text("tiny.dim=64")


def _read_build_recipe(folder: Path) -> Any:
    from multiyoucook2.building.recipe import DatasetRecipe
    from multiyoucook2.settings import load_recipe

    return load_recipe(DatasetRecipe, "datasets", str(folder / "build.yaml"), {})


def _read_training_recipe(folder: Path) -> Any:
    from multiyoucook2.retrieval.recipe import training_recipe

    return training_recipe(str(folder / "train.yaml"), {})


def _read_set(folder: Path) -> Any:
    from multiyoucook2.retrieval.recipe import training_recipe
    from multiyoucook2.settings import set_values

    text = (folder / "set.txt").read_bytes().decode(errors="surrogateescape")
    return training_recipe("c2kd-tiny", set_values([text]))


def _build(folder: Path) -> None:
    from multiyoucook2.building.workspace import Workspace

    workspace = Workspace(folder / "out")
    with workspace.lock():
        workspace.claim("mini")
        name = workspace.store("clips", "clips.parquet", b"abc")
        outputs = {name: {"name": "clips.parquet", "bytes": 3, "sha256": "0" * 64}}
        manifest = {"key": "k", "outputs": outputs, "counts": {"n": 1}, "seconds": 1.0, "versions": {"a": "1"}}
        workspace.write_manifest("clips", manifest)


def _read_build(folder: Path) -> Any:
    from multiyoucook2.building.workspace import Workspace

    workspace = Workspace(folder / "out")
    found = [workspace.damage(row["outputs"]) for row in workspace.manifests().values()]
    with workspace.lock():
        workspace.claim("mini")
    return found, workspace.unfinished()


def _dataset(folder: Path) -> None:
    make_dataset(folder / "made", clips=8, validation=4)
    files = {p.relative_to(folder / "made").as_posix(): p for p in (folder / "made").rglob("*") if p.is_file()}
    content = {name: path.read_bytes() for name, path in files.items()}
    content["multiyoucook2.json"] = json_bytes({"name": "x", "content_hash": "ab", "languages": ["en"], "rows": 12})
    replace_folder(folder / "data", content, "data set")
    shutil.rmtree(folder / "made")


def _read_dataset(folder: Path) -> Any:
    from multiyoucook2.corpus.captions import load_captions

    return load_captions(folder / "data", split="train", langs=["de"], accepted_only=True).texts


def _read_published(folder: Path) -> Any:
    from multiyoucook2.corpus.dataset import dataset_about
    from multiyoucook2.corpus.hub import sound_files

    return sound_files(folder / "data"), dataset_about(folder / "data")


def _store(folder: Path) -> None:
    from multiyoucook2.features.store import write_store

    arrays = ((f"v_{n}", np.arange(n * 4, dtype=np.float32).reshape(n, 4)) for n in range(1, 5))
    write_store(folder / "s", arrays, name="x", meta={"note": 1})


def _read_store(folder: Path) -> Any:
    from multiyoucook2.features.store import FeatureStore

    store = FeatureStore.open(folder / "s")
    return store.dim, store.gather(range(len(store)), max_frames=9)[0].tolist()


def _arrays(folder: Path) -> None:
    rows = [
        {"id": f"v_{n}", "caption": "mix", "caption_de": ["misch"], "s3d": np.ones((2, 3), np.float32), "t": (1, (2,))}
        for n in range(3)
    ]
    (folder / "p.pkl").write_bytes(pickle.dumps(rows, 4))
    (folder / "old.pkl").write_bytes(pickle.dumps(rows, 0))
    (folder / "npy").mkdir()
    np.save(folder / "npy" / "v_0.npy", np.ones((2, 3)))
    np.savez(folder / "in.npz", v_0=np.ones((2, 3)), v_1=np.ones((2, 3)))
    np.savez_compressed(folder / "small.npz", v_0=np.ones((2, 3)))
    features = pa.array([[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]], pa.list_(pa.list_(pa.float32())))
    pq.write_table(pa.table({"clip_id": ["a", "b"], "features": features}), folder / "in.parquet")
    vectors = {"clip_id": ["a"], "lang": ["de"], "caption_index": [0], "vector": [[1.0, 2.0]]}
    pq.write_table(pa.table(vectors), folder / "vectors.parquet")


def _read_arrays(*names: str) -> Callable[[Path], Any]:
    def read(folder: Path) -> Any:
        from multiyoucook2.features.importing import import_features

        for name in names:
            shutil.rmtree(folder / "made", ignore_errors=True)
            import_features([folder / name], folder / "made", name="x")

    return read


def _read_vectors(folder: Path) -> Any:
    from multiyoucook2.features.sentence_vectors import import_vectors

    shutil.rmtree(folder / "made", ignore_errors=True)
    import_vectors([folder / "vectors.parquet"], folder / "made", name="x")


def _run(folder: Path) -> None:
    import torch

    from multiyoucook2.retrieval.training.checkpoint import save_checkpoint

    save_checkpoint(folder, step=3, state={"step": 3}, identity={"recipe": {"lr": 0.1}}, tensors={"x": torch.ones(3)})
    (folder / "run.json").write_bytes(json_bytes({"recipe": {"name": "x"}, "identity": {}, "finished": True}))
    lines = [{"kind": "step", "step": n, "loss": 0.5, "lr": 1e-4} for n in range(3)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    setting = {"split": "validation", "pool": "all:4", "resamples": 9}
    scores = [{"task": "t2v", "lang": "de", "recall_at_10": 50.0, "intervals": {}, "signature": "R@K"}]
    ranks = pa.table({"clip_id": ["a", "b"], "t2v/de": [1.0, 2.0]})
    sink = io.BytesIO()
    pq.write_table(ranks, sink)
    files = {"scores.json": json_bytes({"setting": setting, "scores": scores}), "ranks.parquet": sink.getvalue()}
    replace_folder(folder / "evaluation", files, "evaluation")


def _read_checkpoint(folder: Path) -> Any:
    from multiyoucook2.retrieval.training.checkpoint import load_checkpoint

    found = load_checkpoint(folder, identity={"recipe": {"lr": 0.1}})
    return found.state, found.tensors["x"].tolist()


def _read_run(folder: Path) -> Any:
    from multiyoucook2.retrieval.evaluation.runfiles import read_run

    return read_run(folder)


def _read_metrics(folder: Path) -> Any:
    from multiyoucook2.retrieval.evaluation.runfiles import read_metrics

    return read_metrics(folder)


def _read_scores(folder: Path) -> Any:
    from multiyoucook2.retrieval.evaluation.results import read_ranks

    return str(read_ranks(folder / "evaluation"))


def _model(folder: Path) -> None:
    from multiyoucook2.retrieval.model.encoders import tiny_encoder
    from multiyoucook2.retrieval.model.towers import ModelConfig, TextVideoModel

    config = ModelConfig(video_dim=3, embedding_dim=4, hidden_dim=4, max_frames=4, blocks=1, heads=1, features="x")
    TextVideoModel(config, tiny_encoder(["mix the eggs"] * 3)).save_pretrained(folder / "m")


def _read_model(folder: Path) -> Any:
    from multiyoucook2.retrieval.model.towers import TextVideoModel

    model = TextVideoModel.from_pretrained(folder / "m")
    return [value.sum().item() for value in model.state_dict().values()]


def _read_unsealed_model(folder: Path) -> Any:
    (folder / "m" / "manifest.json").unlink(missing_ok=True)
    return _read_model(folder)


def _engine(folder: Path) -> None:
    shutil.copytree(ROOT / "multiyoucook2/mini/model", folder / "e", ignore=shutil.ignore_patterns("model.bin"))
    (folder / "e" / "model.bin").write_bytes(b"never loaded")
    (folder / "e" / "manifest.json").unlink(missing_ok=True)


def _read_engine(folder: Path) -> Any:
    from multiyoucook2.engines.resolve import resolve

    return resolve(str(folder / "e"), "de", cache_dir=folder / "cache", offline=True).name


def _opus(folder: Path) -> None:
    """A model as OPUS-MT releases it, as far as it is looked at before its conversion; in a folder and zipped."""
    (folder / "o").mkdir()
    (folder / "o" / "decoder.yml").write_text("models: [model1.npz]\nvocabs: [vocab.yml, vocab.yml]\n")
    (folder / "o" / "vocab.yml").write_text('"</s>": 0\n"<unk>": 1\n">>deu<<": 2\n"\u2581add": 3\n')
    np.savez(folder / "o" / "model1.npz", Wemb=np.zeros((4, 2), np.float32))
    shutil.make_archive(str(folder / "opus"), "zip", folder / "o")


def _read_opus(folder: Path) -> Any:
    from multiyoucook2.engines.resolve import resolve

    return [
        resolve(str(folder / name), "de", cache_dir=folder / "cache", offline=True).revision
        for name in ("o", "opus.zip")
    ]


def _hub(folder: Path) -> None:
    files = [{"rfilename": name, "size": 5} for name in ("config.json", "model.safetensors", "source.spm")]
    (folder / "answer.json").write_text(
        json.dumps({"id": "me/x", "modelId": "me/x", "sha": "a" * 40, "siblings": files})
    )


def _read_hub(folder: Path) -> Any:
    """A loopback hub that gives the file as its answer to everything."""
    from multiyoucook2.engines import download
    from multiyoucook2.engines.family import Checkpoint

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = (folder / "answer.json").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
        try:
            checkpoint = Checkpoint("me/x", "mit")
            revision = download.resolve_revision(checkpoint, folder / "cache", offline=False)
            return revision, download._choose_files(download._ask_hub("me/x", revision).siblings or [], "me/x")
        finally:
            server.shutdown()
            del os.environ["HF_ENDPOINT"]


KINDS = [
    Kind("annotations", _annotations, ("a.json",), _read_annotations("a.json")),
    Kind("tar.gz", _annotations, ("a.tar.gz",), _read_annotations("a.tar.gz")),
    Kind("tar", _tar, ("inner.tar",), _read_tar),
    Kind("recipe", _recipes, ("build.yaml",), _read_build_recipe),
    Kind("training-recipe", _recipes, ("train.yaml",), _read_training_recipe),
    Kind("set", _recipes, ("set.txt",), _read_set),
    Kind("build", _build, ("out/build.json", "out/manifests/*.json"), _read_build),
    Kind("dataset", _dataset, ("data/README.md", "data/de/*.parquet", "data/multiyoucook2.json"), _read_dataset),
    Kind("published", _dataset, ("data/**/*",), _read_published, sealed=True),
    Kind("store", _store, ("s/*",), _read_store, sealed=True),
    Kind("pickle", _arrays, ("p.pkl", "old.pkl"), _read_arrays("p.pkl", "old.pkl")),
    Kind("npy", _arrays, ("npy/*",), _read_arrays("npy")),
    Kind("npz", _arrays, ("in.npz", "small.npz"), _read_arrays("in.npz", "small.npz")),
    Kind("parquet", _arrays, ("in.parquet",), _read_arrays("in.parquet")),
    Kind("vectors", _arrays, ("vectors.parquet",), _read_vectors),
    Kind("checkpoint", _run, ("checkpoint.json", "checkpoint-*.safetensors"), _read_checkpoint),
    Kind("run", _run, ("run.json",), _read_run),
    Kind("metrics", _run, ("metrics.jsonl",), _read_metrics),
    Kind("scores", _run, ("evaluation/*",), _read_scores),
    Kind("model", _model, ("m/**/*.json", "m/*.safetensors"), _read_model, sealed=True),
    Kind("unsealed-model", _model, ("m/**/*.json", "m/*.safetensors"), _read_unsealed_model),
    Kind("hub", _hub, ("answer.json",), _read_hub),
    Kind("engine", _engine, ("e/*.json", "e/*.txt"), _read_engine),
    Kind("opus", _opus, ("o/*.yml", "opus.zip"), _read_opus),
    *source_kinds.KINDS,
]
