"""Text encoders: the tiny one, transformers from local folders, and vectors from elsewhere."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from multiyoucook2.errors import ModelError
from multiyoucook2.retrieval.model.encoders import (
    ENCODERS,
    TextEncoder,
    Wanted,
    encoder_kind,
    find_encoder,
    load_encoder,
    restore_encoder,
    tiny_encoder,
    vector_encoder,
)
from multiyoucook2.retrieval.model.encoders.tiny import TinyConfig, train_tokenizer

TEXTS = ["mix the eggs", "die Eier verrühren", "卵を混ぜる", "把鸡蛋搅匀", "смешайте яйца", "trộn trứng"]


@pytest.fixture(scope="module")
def tiny() -> TextEncoder:
    torch.manual_seed(0)
    return tiny_encoder(TEXTS * 20, config=TinyConfig(vocab_size=300, dim=16, layers=2, heads=2)).eval()


def test_the_tokenizer_is_a_function_of_its_texts() -> None:
    one, two = (train_tokenizer(TEXTS * 20, vocab_size=200).to_str() for _ in range(2))
    assert one == two


def test_the_tokenizer_covers_every_script_and_no_text_is_empty(tiny: TextEncoder) -> None:
    unknown = tiny.tokenizer.token_to_id("[UNK]")
    for ids in tiny.tokenize(TEXTS):
        assert unknown not in ids
        assert len(ids) >= 2
    assert [len(ids) for ids in tiny.tokenize(["", "  "])] == [1, 1]
    assert tiny.tokenize(["MIX the EGGS"]) == tiny.tokenize(["mix the eggs"])
    assert unknown in tiny.tokenize(["qué Ж"])[0] or tiny.tokenizer.token_to_id("q") is not None


def test_scripts_without_spaces_are_not_learnt_as_whole_sentences() -> None:
    tokenizer = train_tokenizer(["把鸡蛋搅匀", "卵を混ぜる", "バターを混ぜる"] * 20, vocab_size=500)
    assert tokenizer.encode("把鸡蛋搅匀").tokens == ["[CLS]", "▁", *"把鸡蛋搅匀"]
    assert tokenizer.encode("バターを混ぜる").tokens == ["[CLS]", "▁", "バター", "を", "混", "ぜる"]


def test_long_texts_are_cut(tiny: TextEncoder) -> None:
    assert len(tiny.tokenize(["mix " * 100])[0]) == 40
    assert len(tiny.tokenize(["mix " * 100], max_length=7)[0]) == 7
    assert len(tiny.tokenize(["mix " * 100], max_length=999)[0]) == 64  # it has no more positions


def test_the_default_has_about_a_million_parameters_and_no_more_rows_than_words() -> None:
    from multiyoucook2.retrieval.model.encoders.tiny import TinyTransformer

    assert 0.8e6 < sum(weight.numel() for weight in TinyTransformer(TinyConfig()).parameters()) < 1.2e6
    few = tiny_encoder(["one two"], config=TinyConfig(vocab_size=5000, dim=8, layers=1, heads=1))
    assert len(few.network.tokens.weight) == few.tokenizer.get_vocab_size() < 50


@pytest.mark.parametrize("which", ["tiny", "bert"])
def test_a_text_does_not_depend_on_what_shares_its_batch(which: str, tiny: TextEncoder, bert_folder: Path) -> None:
    encoder = tiny if which == "tiny" else load_encoder(str(bert_folder)).eval()
    texts = ["mix", "mix the eggs in a pan", "chop an onion the eggs fry rice in a pan"]
    together = encoder(encoder.buckets(texts))
    alone = torch.cat([encoder(encoder.buckets([text])) for text in texts])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)


def test_vectors_pass_through() -> None:
    encoder = vector_encoder("labse", 3)
    vectors = torch.randn(4, 3)
    assert encoder(vectors) is vectors
    with pytest.raises(ModelError, match="cannot encode new text"):
        encoder.tokenize(["x"])


def test_a_transformers_folder_loads_with_its_tokenizer(bert_folder: Path) -> None:
    encoder = load_encoder(str(bert_folder), offline=True)
    assert (encoder.dim, encoder.spec.name, encoder.spec.pooling) == (8, "bert-mini", "mean")
    assert encoder.tokenize(["mix the eggs"]) == [[2, 5, 6, 7, 3]]
    assert encoder.pad_id == 0
    assert not any("pooler" in name for name in encoder.state_dict())  # it would never get a gradient


def test_pooling_is_over_its_own_tokens(bert_folder: Path) -> None:
    mean, cls = (load_encoder(str(bert_folder), pooling=pooling).eval() for pooling in ("mean", "cls"))
    buckets = mean.buckets(["mix the eggs"])
    hidden = mean.network(input_ids=buckets.parts[0].ids_NL).last_hidden_state
    torch.testing.assert_close(mean(buckets), hidden.mean(1))
    torch.testing.assert_close(cls(buckets), hidden[:, 0])


def test_a_frozen_encoder_stays_in_eval_mode_and_gets_no_gradient(bert_folder: Path) -> None:
    frozen = load_encoder(str(bert_folder), trainable=False).train()
    buckets = frozen.buckets(["mix the eggs"])
    assert torch.equal(frozen(buckets), frozen(buckets))  # no dropout
    assert not frozen(buckets).requires_grad
    trained = load_encoder(str(bert_folder)).train()
    assert trained(buckets).requires_grad
    assert trained.network.training


@pytest.mark.parametrize("which", ["tiny", "bert", "vectors"])
def test_saved_and_restored(which: str, tiny: TextEncoder, bert_folder: Path, tmp_path: Path) -> None:
    encoders = {"tiny": tiny, "vectors": vector_encoder("labse", 3)}
    encoder = (encoders.get(which) or load_encoder(str(bert_folder), trainable=False)).eval()
    encoder.save(tmp_path / "e")
    back = restore_encoder(tmp_path / "e").eval()
    assert (back.spec, back.dim, back.trainable) == (encoder.spec, encoder.dim, encoder.trainable)
    back.load_state_dict(encoder.state_dict(), strict=True)
    if which != "vectors":
        assert back.tokenize(TEXTS) == encoder.tokenize(TEXTS)
        assert torch.equal(back(back.buckets(TEXTS)), encoder(encoder.buckets(TEXTS)))


def test_restoring_damage_is_one_clear_error(tiny: TextEncoder, tmp_path: Path) -> None:
    tiny.save(tmp_path / "e")
    (tmp_path / "e" / "tokenizer" / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="no text encoder that can be read"):
        restore_encoder(tmp_path / "e")
    with pytest.raises(ModelError, match="no text encoder that can be read"):
        restore_encoder(tmp_path)


def test_a_tokenizer_does_not_depend_on_the_run() -> None:
    """More characters than the vocabulary has room for, many equally rare: which are kept must not be chance."""
    texts = [chr(0x4E00 + number) * 2 for number in range(400)] + TEXTS
    program = "import sys; from multiyoucook2.retrieval.model.encoders.tiny import train_tokenizer as t; "
    program += (
        "texts = [chr(0x4E00 + n) * 2 for n in range(400)] + sys.argv[1:]; print(t(texts, vocab_size=300).to_str())"
    )
    said = {
        subprocess.run([sys.executable, "-c", program, *TEXTS], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert said == {train_tokenizer(texts, vocab_size=300).to_str() + "\n"}


def edited(bert_folder: Path, folder: Path, **config: object) -> str:
    """A copy of the small BERT with other values in its config."""
    shutil.copytree(bert_folder, folder)
    values = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(values | config))
    return str(folder)


def test_code_of_a_model_never_runs(bert_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does transformers ask on the terminal whether it may."""
    folder = edited(bert_folder, tmp_path / "e", auto_map={"AutoConfig": "evil.C", "AutoModel": "evil.M"})
    (tmp_path / "e" / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass C: ...\nclass M: ...\n")
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("it asked"))
    with pytest.raises(ModelError, match="brings code of its own") as error:
        load_encoder(folder)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "ran").exists()
    load_encoder(str(bert_folder)).save(tmp_path / "saved")
    config = tmp_path / "saved/encoder/config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"auto_map": {"AutoModel": "evil.M"}}))
    with pytest.raises(ModelError, match="brings code of its own"):
        restore_encoder(tmp_path / "saved")


def test_what_is_no_fitting_text_encoder_is_said(bert_folder: Path, tmp_path: Path) -> None:
    from transformers import T5Config, T5EncoderModel

    shape = {"vocab_size": 20, "d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 1, "num_heads": 2}
    T5EncoderModel(T5Config(**shape)).save_pretrained(tmp_path / "t5")
    with pytest.raises(ModelError, match=r"lacks .* of its weights"):
        load_encoder(str(tmp_path / "t5"))
    short = load_encoder(edited(bert_folder, tmp_path / "short"))
    short.network.embeddings.position_embeddings = torch.nn.Embedding(8, 8)
    with pytest.raises(ModelError, match="positions for 8 tokens, not 40") as error:
        short.tokenize(["mix"])
    assert "max_tokens=8" in error.value.hint


def test_a_config_of_ten_million_layers_is_refused_at_once(bert_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has 10000000 layers"):
        load_encoder(edited(bert_folder, tmp_path / "deep", num_hidden_layers=10_000_000))
    with pytest.raises(ValueError, match="no encoder has such a shape"):
        TinyConfig(layers=10_000_000)


def test_a_tokenizer_larger_than_the_model_is_refused(bert_folder: Path, tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    folder = Path(edited(bert_folder, tmp_path / "few"))
    shape = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    BertModel(BertConfig(vocab_size=6, **shape)).save_pretrained(folder)
    with pytest.raises(ModelError, match="16 tokens, the model 6: they do not fit"):
        load_encoder(str(folder))


def test_a_folder_without_tokenizer_files_trains_on_nothing(bert_folder: Path, tmp_path: Path) -> None:
    folder = Path(edited(bert_folder, tmp_path / "bare"))
    for path in folder.glob("*token*"):
        path.unlink()
    (folder / "vocab.txt").unlink(missing_ok=True)
    kind, argument = encoder_kind(str(folder))
    with pytest.raises(ModelError, match=r"knows 0 of|cannot load|do not fit"):
        kind.new(argument, Wanted(["mix the eggs"], {}, trainable=True, offline=True))


def test_the_registry_knows_the_published_encoders() -> None:
    assert set(ENCODERS) == {"labse", "xlm-r", "mbert", "distiluse", "infoxlm", "xlm-align", "simcse"}
    assert all(name == row.name and row.hub_id.count("/") == 1 for name, row in ENCODERS.items())
    assert find_encoder("xlm-roberta-base").name == "xlm-r"
    assert find_encoder("sentence-transformers/LaBSE").name == "labse"
    assert find_encoder("someone/model").hub_id == "someone/model"
    with pytest.raises(ModelError, match="unknown text encoder 'labs'") as error:
        find_encoder("labs")
    assert "did you mean 'labse'" in error.value.hint


@pytest.mark.parametrize("ours", ["_refuse_code", "_refuse_size"])
def test_a_bug_of_ours_is_not_blamed_on_the_model(
    bert_folder: Path, monkeypatch: pytest.MonkeyPatch, ours: str
) -> None:
    def broken(*_: object) -> None:
        raise AttributeError("a mistake of ours")

    monkeypatch.setattr(f"multiyoucook2.retrieval.model.encoders.transformers.{ours}", broken)
    with pytest.raises(AttributeError, match="a mistake of ours"):
        load_encoder(str(bert_folder))


def test_what_cannot_be_loaded_is_one_clear_error(bert_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="cannot load the text encoder"):
        load_encoder(str(tmp_path / "empty"))
    shutil.copytree(bert_folder, tmp_path / "torn")
    weights = tmp_path / "torn" / "model.safetensors"
    for damage in (weights.read_bytes()[:-100], b"<html>not found</html>"):
        weights.write_bytes(damage)
        with pytest.raises(ModelError, match=r"cannot load the text encoder '.*torn': Error while deserializing"):
            load_encoder(str(tmp_path / "torn"))
    with pytest.raises(ModelError, match="cannot load the text encoder 'nobody/nothing'") as error:
        load_encoder("nobody/nothing", offline=True)
    assert "offline" in error.value.hint
