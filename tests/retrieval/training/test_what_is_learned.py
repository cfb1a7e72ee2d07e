"""What whole runs learn, and from what: languages, teachers, frozen towers, vectors, early stop, NaN."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

from multiyoucook2.corpus.captions import load_captions
from multiyoucook2.errors import FeatureError, TrainingError
from multiyoucook2.features.store import FeatureStore
from multiyoucook2.progress import Silent
from multiyoucook2.retrieval.data.tokens import words_only
from multiyoucook2.retrieval.data.vectors import write_vectors
from multiyoucook2.retrieval.evaluation.run import evaluate_run
from multiyoucook2.retrieval.evaluation.runfiles import read_metrics
from multiyoucook2.retrieval.evaluation.teachers import source_similarities
from multiyoucook2.retrieval.model.encoders import load_encoder
from multiyoucook2.retrieval.recipe import training_recipe
from multiyoucook2.retrieval.training.loop import learning_rate
from multiyoucook2.retrieval.training.run import train

from ..small_data import make_dataset, make_features
from .whole_runs import SMALL, losses, run, weights


def test_a_seed_repeats_a_run_and_another_does_not(folder: Path, tmp_path: Path) -> None:
    first, same, other = (run(folder, tmp_path / str(n), seed=seed, epochs=1) for n, seed in enumerate((4, 4, 5)))
    assert losses(first.out) == losses(same.out)
    assert losses(first.out)[0] != losses(other.out)[0]


def test_it_learns_what_the_simulated_videos_show(folder: Path, tmp_path: Path) -> None:
    """Every language, backwards English among them, ends far above chance, which is 10 of 32."""
    result = run(folder, tmp_path / "run", epochs=15, lr=3e-3, lr_decay=0.95, evaluate_every=0)
    assert result.evaluation is not None
    for lang in ("en", "de", "ja"):
        assert result.evaluation.row("t2v", lang).values["recall_at_10"] > 60


def test_zero_shot_learns_english_alone(folder: Path, tmp_path: Path) -> None:
    result = run(folder, tmp_path / "run", "zero-shot-tiny", epochs=1)
    about = json.loads((result.out / "run.json").read_text())
    assert about["identity"]["languages"] == ["en"]
    assert result.evaluation is not None
    assert {row.lang for row in result.evaluation.rows} == {"en", "de", "ja", "mean", "mean-not-en"}


def test_teachers_may_read_words_without_marks(folder: Path, tmp_path: Path) -> None:
    assert words_only("Add 1/2 cup, don't stir: hot!") == "Add 1 2 cup don't stir hot"
    given = {"teachers": tmp_path / "teachers", "epochs": 1}
    run(folder, tmp_path / "a", "c2kd-tiny", **given, teacher_words=True)  # no caption here has a mark
    run(folder, tmp_path / "b", "c2kd-tiny", **given)
    assert losses(tmp_path / "a") == losses(tmp_path / "b")
    marked = shutil.copytree(folder / "data", tmp_path / "marked")
    path = marked / "en/validation.parquet"
    rows = pq.read_table(path).to_pylist()
    pq.write_table(pa.Table.from_pylist([row | {"caption": f"{row['caption']}, so!"} for row in rows]), path)
    plain = shutil.copytree(marked, tmp_path / "plain") / "en/validation.parquet"
    pq.write_table(pa.Table.from_pylist([row | {"caption": f"{row['caption']} so"} for row in rows]), plain)

    def cosines(dataset: Path, *, words: bool) -> torch.Tensor:
        """What the study of teachers compares."""
        teacher, features = tmp_path / "teachers/tiny-a", folder / "features"
        return source_similarities(teacher, dataset=dataset, features=features, teacher_words=words, device="cpu")

    assert torch.equal(cosines(marked, words=True), cosines(tmp_path / "plain", words=False))
    assert not torch.equal(cosines(marked, words=False), cosines(tmp_path / "plain", words=False))


def test_several_captions_train_and_teach(tmp_path: Path) -> None:
    """Ten captions a clip and language: every English one has a row of the teachers'."""
    make_dataset(tmp_path / "data", captions=10)
    make_features(tmp_path / "data", tmp_path / "features")
    result = run(tmp_path, tmp_path / "run", "c2kd-tiny", epochs=2)
    cache = next((tmp_path / "run/teachers/tiny-a").glob("embeddings-*.safetensors"))
    assert len(load_file(cache)["text_ME"]) == 96 * 10
    assert result.evaluation is not None
    assert "|query:first|" in result.evaluation.row("t2v", "de").signature
    found = evaluate_run(result.out, query="all", device="cpu")
    assert "|pool:32|queries:320|query:all|" in found.row("t2v", "en").signature
    assert len(losses(result.out)) == 12


def test_dropout_and_weight_decay_change_the_training_and_zero_does_not(folder: Path, tmp_path: Path) -> None:
    plain, zero, *others = (
        losses(run(folder, tmp_path / str(number), epochs=2, **given).out)
        for number, given in enumerate(
            ({}, {"dropout": 0.0, "weight_decay": 0.0}, {"dropout": 0.3}, {"input_dropout": 0.3}, {"weight_decay": 0.5})
        )
    )
    assert plain == zero
    assert all(other != plain for other in others)


def test_a_loss_that_is_not_finite_stops_the_run(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(
        TrainingError, match=r"stopped before step \d+: the .* (nan|inf); clips of the batch: video"
    ) as caught:
        run(folder, tmp_path / "run", lr=1e30, epochs=5)
    assert "\n" not in str(caught.value)
    last = read_metrics(tmp_path / "run")[-1]
    assert last["kind"] == "stopped"
    assert len(last["clip_ids"]) == 16


def test_early_stop_keeps_the_best(folder: Path, tmp_path: Path) -> None:
    """With a step so large that the model soon forgets, the saved weights are those of the best evaluation."""
    result = run(folder, tmp_path / "run", epochs=60, lr=0.05, lr_decay=1.0, patience=3, evaluate_every=1)
    found = [line for line in read_metrics(result.out) if line["kind"] == "evaluation"]
    assert len(found) == result.state.best_epoch + 3 < 60
    assert result.state.best == max(line["criterion"] for line in found)
    assert result.evaluation is not None
    row = result.evaluation.row("t2v", "mean")
    assert row.values["geometric_mean"] == pytest.approx(result.state.best)
    assert "select:best-on-validation" in result.evaluation.row("t2v", "de").signature


def test_a_frozen_text_tower_is_encoded_once(folder: Path, tmp_path: Path, bert_folder: Path) -> None:
    given = {"encoder": str(bert_folder), "freeze_text": True, "epochs": 2}
    result = run(folder, tmp_path / "run", **given)
    before = load_encoder(str(bert_folder), offline=True).state_dict()
    after = {
        name.removeprefix("text.encoder."): value for name, value in weights(result.out).items() if "encoder" in name
    }
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert losses(result.out)[-1][1] != losses(result.out)[0][1]


def test_sentence_vectors_computed_elsewhere(folder: Path, tmp_path: Path) -> None:
    """Trained, taught, evaluated without any text encoder."""
    triples = []
    for split in ("train", "validation"):
        captions = load_captions(folder / "data", split=split, accepted_only=False)
        for lang, texts in captions.texts.items():
            for clip, found in zip(captions.clip_ids, texts, strict=True):
                if found:
                    triples.append((clip, lang, [float(byte) for byte in clip[-8:].encode()]))
    write_vectors(tmp_path / "vectors", triples, name="elsewhere")
    name = f"vectors:{tmp_path / 'vectors'}"
    teachers = [{"name": "t", "encoder": name}]
    result = train(
        training_recipe("c2kd-tiny", {**SMALL, "encoder": name, "teachers": teachers}),
        dataset=folder / "data",
        features=folder / "features",
        out=tmp_path / "run",
        device="cpu",
    )
    assert len(losses(result.out)) == 12
    assert result.evaluation is not None
    write_vectors(tmp_path / "few", triples[:5], name="elsewhere")
    with pytest.raises(FeatureError, match="lacks the sentence vectors of"):
        run(folder, tmp_path / "other", encoder=f"vectors:{tmp_path / 'few'}")


def test_clips_without_features_are_left_out_and_counted_as_misses(folder: Path, tmp_path: Path) -> None:
    ids = pq.read_table(folder / "data/en/validation.parquet")["clip_id"].to_pylist()
    make_features(folder / "data", tmp_path / "features", without=("video000_1", *ids[:4]))
    notes: list[str] = []

    class Notes(Silent):
        def note(self, message: str) -> None:
            notes.append(message)

    given = {"features": tmp_path / "features", "listener": Notes(), "epochs": 1, "max_frames": 11}
    result = run(folder, tmp_path / "run", **given)
    store = FeatureStore.open(tmp_path / "features")
    longer = sum(
        len(store[clip]) > 11 for clip in load_captions(folder / "data", split="train").clip_ids if clip in store
    )
    assert 0 < longer < 90
    assert notes == [
        "1 training clips are left out for lack of features, first video000_1",
        f"{longer} training clips have more than 11 frames: the later ones are not seen",
    ]
    assert result.evaluation is not None
    assert result.evaluation.without_features == tuple(ids[:4])
    assert "|pool:32|missing:4|" in result.evaluation.row("t2v", "de").signature


def test_a_language_subset_without_english_is_taught_all_the_same(folder: Path, tmp_path: Path) -> None:
    result = run(folder, tmp_path / "run", "c2kd-tiny", languages="de,ja", epochs=1, contrastive_weight=0.0)
    assert losses(result.out)[0][1] > 0  # with w = 0 the loss is distillation alone
    assert result.evaluation is not None
    assert {row.lang for row in result.evaluation.rows} == {"de", "ja", "mean"}


def test_bf16_computes_in_half_and_keeps_float32(folder: Path, tmp_path: Path) -> None:
    result = run(folder, tmp_path / "run", precision="bf16", epochs=1)
    plain = run(folder, tmp_path / "plain", epochs=1)
    assert losses(result.out) != losses(plain.out)
    assert losses(result.out)[0][1] == pytest.approx(losses(plain.out)[0][1], rel=0.05)
    assert all(value.dtype == torch.float32 for value in weights(result.out).values())


def test_the_mixing_weights_of_teachers_decay_with_the_learning_rate(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, plain = [], torch.optim.AdamW.step

    def step(optimizer: torch.optim.AdamW, *arguments: Any) -> Any:
        taken.append([group["lr"] for group in optimizer.param_groups])
        return plain(optimizer, *arguments)

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    given = {"lr": 1e-3, "learned_lr": 0.01, "lr_decay": 0.5, "batch_size": 48, "epochs": 2}
    run(folder, tmp_path / "run", "c2kd-tiny", objective="learned", **given)
    assert taken[-4:] == [[1e-3, 0.01], [1e-3, 0.01], [5e-4, 0.005], [5e-4, 0.005]]  # two steps an epoch


def test_learning_rate_decays_an_epoch() -> None:
    recipe = training_recipe("c2kd-youcook2")
    assert [learning_rate(recipe, epoch) for epoch in range(3)] == pytest.approx([1e-4, 9e-5, 8.1e-5])
