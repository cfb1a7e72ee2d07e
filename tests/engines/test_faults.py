"""Model folders with something wrong or hostile in them: one clear line, and nothing of theirs runs."""

import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers
from tiny_families import made_up_lines
from tokenizers import Tokenizer

from multiyoucook2.engines.ctranslate2 import translators, usable_cores
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.folder import vocabulary
from multiyoucook2.engines.kinds.model import ResolvedModel
from multiyoucook2.engines.registry import FAMILIES
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.engines.tokens import SentencePieces
from multiyoucook2.errors import ModelError


def prepared(folder: Path, cache: Path, lang: str = "de") -> object:
    return resolve(str(folder), lang, cache_dir=cache, offline=True).prepare("cpu")


def own(model: Callable[[str], Path], name: str, tmp_path: Path) -> Path:
    return shutil.copytree(model(name), tmp_path / "own")


def test_each_side_keeps_its_own_vocabulary(model: Callable[[str], Path], tmp_path: Path) -> None:
    folder = prepared(model("marian-separate"), tmp_path).folder  # type: ignore[attr-defined]
    source, target = (
        json.loads((model("marian-separate") / f"{n}.json").read_text()) for n in ("vocab", "target_vocab")
    )
    assert vocabulary(folder, "source") == list(source)[:-1]
    assert vocabulary(folder, "target") == list(target)[:-1]


def test_piece_that_the_subword_model_lacks_leaves_no_mark(model: Callable[[str], Path]) -> None:
    pieces = SentencePieces(model("marian") / "target.spm")
    assert pieces.join(["\u2581add", "\u2581Zwiebel", "\u2581salt"]).split() == ["add", "Zwiebel", "salt"]
    tokenization = FAMILIES.find("marian").tokenization(model("ctranslate2"), None, None)
    assert tokenization.decode(["\u2581Zwiebel"]) == "Zwiebel"


def test_folder_that_names_its_target_serves_no_other(model: Callable[[str], Path], tmp_path: Path) -> None:
    resolve(str(model("marian-separate")), "de", cache_dir=tmp_path)
    with pytest.raises(ModelError, match="does not translate into 'fr'") as caught:
        resolve(str(model("marian-separate")), "fr", cache_dir=tmp_path)
    assert "it serves de" in caught.value.hint


@pytest.mark.parametrize("name", ["source.spm", "target.spm", "vocab.json"])
def test_missing_file_is_named(model: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    folder = own(model, "marian", tmp_path)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=rf"lacks {name}( or decoder.yml)?, which a marian model needs"):
        prepared(folder, tmp_path)


def test_underscores_are_no_language_token(model: Callable[[str], Path]) -> None:
    tokenization = FAMILIES.find("m2m100").tokenization(model("m2m100"), "__en__", "__de__")
    assert not tokenization.is_special("________")
    assert tokenization.is_special("__de__")


def padded(folder: Path) -> Path:
    """Its tokenizer.json as a fine-tuning run saves it: with the padding and truncation of its last batch."""
    fast = Tokenizer.from_file(str(folder / "tokenizer.json"))
    fast.enable_padding(length=12)
    fast.enable_truncation(6)
    fast.save(str(folder / "tokenizer.json"))
    return folder


def test_saved_padding_and_truncation_are_not_the_texts(model: Callable[[str], Path], tmp_path: Path) -> None:
    texts = [*made_up_lines(20), " ".join(made_up_lines(300))]
    plain, other = (
        FAMILIES.find("nllb").tokenization(folder, "eng_Latn", "fra_Latn").encode(texts)
        for folder in (model("nllb"), padded(own(model, "nllb", tmp_path)))
    )
    assert other == plain
    assert [source.cut for source in other] == [False] * 20 + [True]


@pytest.mark.parametrize(
    ("name", "prefix", "text"),
    [
        ("nllb", "eng_Latn", "chop </s> fra_Latn the <s> garlic <pad>"),
        ("madlad", "<2de>", "chop <2fr> the <2ja> garlic"),
        ("mbart", "en_XX", "chop de_DE the </s> garlic"),
        ("m2m100", "__en__", "chop __de__ the </s> garlic"),
    ],
)
def test_control_token_in_a_text_is_text(model: Callable[[str], Path], name: str, prefix: str, text: str) -> None:
    tokenization = FAMILIES.find(name).tokenization(model(name), prefix, None)
    read, around = tokenization.encode([text, "chop the garlic"])
    assert [piece for piece in read.pieces if piece != "<unk>" and tokenization.is_special(piece)] == []
    assert {piece for piece in around.pieces if len(piece) > 2} <= set(read.pieces)


def test_texts_without_control_tokens_are_read_as_transformers_does(model: Callable[[str], Path]) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(model("nllb"))
    texts = [*made_up_lines(30), "chop  the ZUCCHINI, 1/2 < 3 cups", "a_b </x> 漢字"]
    sources = FAMILIES.find("nllb").tokenization(model("nllb"), "eng_Latn", None).encode(texts)
    assert [list(source.pieces) for source in sources] == [tokenizer.tokenize(" ".join(text.split())) for text in texts]


class Touch:
    """A pickle that makes a file when it is loaded by the careless."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.path), "w")


def test_pickled_weights_are_read_only_if_they_are_tensors(model: Callable[[str], Path], tmp_path: Path) -> None:
    folder, witness = own(model, "marian", tmp_path), tmp_path / "it ran"
    from safetensors.torch import load_file

    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights | {"x": Touch(witness)}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="a pickle that holds more than tensors, which is never run") as caught:
        prepared(folder, tmp_path)
    assert "\n" not in str(caught.value)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Touch(witness)))
    with pytest.raises(ModelError):
        prepared(folder, tmp_path)
    assert not witness.exists()
    torch.save(weights, folder / "pytorch_model.bin")
    prepared(folder, tmp_path)


def test_code_of_a_folder_is_neither_run_nor_asked_about(model: Callable[[str], Path], tmp_path: Path) -> None:
    folder, witness = own(model, "nllb", tmp_path), tmp_path / "it ran"
    for name in ("config.json", "tokenizer_config.json"):
        values = json.loads((folder / name).read_text())
        values["auto_map"] = {"AutoConfig": "evil.C", "AutoTokenizer": ["evil.T", None], "AutoModel": "evil.M"}
        values["tokenizer_class"] = "EvilTokenizer" if name == "tokenizer_config.json" else None
        (folder / name).write_text(json.dumps(values))
    (folder / "evil.py").write_text(f"open({str(witness)!r}, 'w')\n")
    code = (
        "from pathlib import Path\nfrom multiyoucook2.engines.resolve import resolve\n"
        "from multiyoucook2.errors import ModelError\n"
        f"try: resolve({str(folder)!r}, 'de', cache_dir=Path({str(tmp_path)!r}), offline=True).prepare('cpu')\n"
        "except ModelError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input="y\n", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "run the custom code" not in done.stdout + done.stderr
    assert not witness.exists()


def test_empty_vocabulary_map(model: Callable[[str], Path], tmp_path: Path) -> None:
    folder = own(model, "mini", tmp_path)
    about = json.loads((folder / "mycook.json").read_text()) | {"vocabulary_map": True}
    (folder / "mycook.json").write_text(json.dumps(about))
    (folder / "vmap.txt").write_bytes(b"")
    with pytest.raises(ModelError, match=r"vmap\.txt is empty"):
        resolve(str(folder), "de", cache_dir=tmp_path).prepare("cpu").open(Decoding())


@pytest.mark.parametrize("content", ["[[[[", "[]", "3", '"x"', "[" * 100_000, "\ud800"])
def test_configuration_that_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(ModelError, match=r"config\.json"):
        resolve(str(tmp_path), "de", cache_dir=tmp_path)


@pytest.mark.parametrize("name", ["encoder_layers", "vocab_size", "d_model"])
def test_configuration_of_an_impossible_size(model: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    folder = own(model, "marian", tmp_path)
    values = json.loads((folder / "config.json").read_text()) | {name: 10**8}
    (folder / "config.json").write_text(json.dumps(values))
    with pytest.raises(ModelError, match=f"{name} is 100000000"):
        resolve(str(folder), "de", cache_dir=tmp_path)


def test_source_prefix_is_text_and_no_format(model: Callable[[str], Path], tmp_path: Path) -> None:
    folder = own(model, "mini", tmp_path)
    about = json.loads((folder / "mycook.json").read_text()) | {"source_prefix": "<2{lang}>{x.__class__}"}
    (folder / "mycook.json").write_text(json.dumps(about))
    with pytest.raises(ModelError, match="no token"):
        prepared(folder, tmp_path)


def test_languages_of_a_folder_by_any_usual_name(model: Callable[[str], Path], tmp_path: Path) -> None:
    """The prefix spells them as the file does: so the model was trained."""
    folder = own(model, "mini", tmp_path)
    about = json.loads((folder / "mycook.json").read_text())
    prefix = {"languages": ["zh-CN", "German"], "source_prefix": "<2{lang}>"}
    (folder / "mycook.json").write_text(json.dumps(about | prefix))
    found = [resolve(str(folder), lang, cache_dir=tmp_path) for lang in ("zh", "de")]
    assert [engine.token for engine in found if isinstance(engine, ResolvedModel)] == ["<2zh-CN>", "<2German>"]
    (folder / "mycook.json").write_text(json.dumps(about | {"languages": ["no such tongue"]}))
    with pytest.raises(ModelError, match=r"mycook\.json: languages: unknown language 'no such tongue'"):
        resolve(str(folder), "de", cache_dir=tmp_path)


def test_there_are_no_more_translators_than_cores() -> None:
    assert translators("cpu", 5000) == translators("cpu", None) == usable_cores()
    assert translators("cpu", 1) == translators("cuda", 5000) == 1
