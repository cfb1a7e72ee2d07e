"""Each family's tokens and outputs, against transformers' own."""

import json
import shutil
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from tiny_families import made_up_lines

from multiyoucook2.engines.base import Search, Source
from multiyoucook2.engines.ctranslate2 import CTranslate2
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.folder import ModelFiles
from multiyoucook2.engines.kinds.model import ResolvedModel
from multiyoucook2.engines.registry import FAMILIES
from multiyoucook2.engines.resolve import resolve

MAX_TOKENS = 12
GREEDY = Search(beam_size=1, length_penalty=1.0, output_factor=0.0, output_extra=MAX_TOKENS)
SAME = {"marian-npz": "marian-swish"}  # of which transformers reads the same weights in its own format
TEXTS = [*made_up_lines(12), "chop the ZUCCHINI"]  # the last has pieces that the vocabulary lacks


@pytest.mark.parametrize(
    ("name", "lang", "special"),
    [
        ("marian", "de", None),
        ("marian-many", "zh", ">>cmn_Hans<<"),
        ("marian-separate", "de", None),
        ("marian-npz", "de", None),
        ("m2m100", "de", "__de__"),
        ("small100", "de", "__de__"),
        ("nllb", "fr", "fra_Latn"),
        ("madlad", "de", "<2de>"),
        ("mbart", "de", "de_DE"),
    ],
)
def test_greedy_output_is_transformers_own(
    model: Callable[[str], Path], cache: Path, name: str, lang: str, special: str | None
) -> None:
    resolved = resolve(str(model(name)), lang, cache_dir=cache, offline=True)
    assert isinstance(resolved, ResolvedModel)
    exact = replace(resolved, spec=replace(resolved.spec, compute_types={"cpu": ("float32",)}))
    prepared = exact.prepare("cpu")
    assert prepared.token == special
    engine = prepared.open(Decoding(), 1)
    assert isinstance(engine, CTranslate2)
    tokenization, sources = engine.tokenization, engine.read(TEXTS)
    outputs = [best for (best,) in engine.translate(sources, GREEDY)]
    for text, source, output in zip(TEXTS, sources, outputs, strict=True):
        ids, generated, tokenizer = _transformers(model(SAME.get(name, name)), name, lang, special, text)
        assert tokenizer.convert_tokens_to_ids(list(source.tokens)) == ids
        kept = [token for token in tokenizer.convert_ids_to_tokens(generated) if token != "<pad>"]
        kept = kept[len(tokenization.target_prefix) :]
        finished = bool(kept) and kept[-1] == "</s>"
        assert output.finished == finished
        assert list(output.pieces) == kept[: -1 if finished else None]
        text_ids = [i for i in generated if not tokenization.is_special(tokenizer.convert_ids_to_tokens(i))]
        assert output.text == tokenizer.decode(text_ids, skip_special_tokens=True).strip()


@pytest.mark.parametrize(
    ("lang", "vocabulary", "token"),
    [
        ("ar", ">>ara<< >>heb<<", ">>ara<<"),
        ("ar", ">>ara<< >>arb<<", ">>arb<<"),
        ("fa", ">>fas<<", ">>fas<<"),
        ("lv", ">>lav<<", ">>lav<<"),
        ("ms", ">>msa_Latn<< >>ind<<", ">>msa_Latn<<"),
        ("az", ">>aze_Latn<<", ">>aze_Latn<<"),
        ("uz", ">>uzb_Cyrl<< >>uzb_Latn<<", ">>uzb_Latn<<"),
        ("mn", ">>mon<<", ">>mon<<"),
        ("sq", ">>sqi<<", ">>sqi<<"),
        ("yi", ">>yid<<", ">>yid<<"),
        ("ne", ">>nep<<", ">>nep<<"),
        ("ps", ">>pus<<", ">>pus<<"),
        ("sw", ">>swa<<", ">>swa<<"),
        ("de", ">>cmn_Latn<< >>deu<<", ">>deu<<"),
        ("de", ">>cmn_Latn<< >>fra<<", ">>deu<<"),  # which the check refuses: it is not there
        ("zh", ">>cmn<< >>cmn_Hans<< >>cmn_Hant<<", ">>cmn_Hans<<"),
        ("zh", ">>cmn<< >>yue<<", ">>cmn<<"),
        ("zh-Hant", ">>zho<< >>cmn_Hans<< >>cmn_Hant<<", ">>cmn_Hant<<"),
        ("sr-Latn", ">>srp<< >>srp_Cyrl<< >>srp_Latn<<", ">>srp_Latn<<"),
        ("sr", ">>srp_Cyrl<< >>srp_Latn<<", ">>srp_Cyrl<<"),
    ],
)
def test_token_of_a_language_in_a_groups_model(tmp_path: Path, lang: str, vocabulary: str, token: str) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "marian"}')
    (tmp_path / "vocab.json").write_text(json.dumps(dict.fromkeys(vocabulary.split(), 0)))
    assert FAMILIES.find("marian").target_token(lang, ModelFiles.of(tmp_path)) == token


def test_every_type_of_model_has_its_comparison_with_transformers() -> None:
    """Here, and for language models in test_chat.py."""
    types = {
        name: name.split("-")[0] for name in ("marian", "marian-npz", "madlad", "mbart", "m2m100", "nllb", "small100")
    }
    compared = {family.name for family in FAMILIES if family.model_types}
    assert compared == {*types.values(), "chat"}


@pytest.mark.parametrize("lost", ["tokenizer_class", "tokenizer_config.json"])
def test_nllb_folder_that_does_not_name_its_tokenizer(
    model: Callable[[str], Path], cache: Path, tmp_path: Path, lost: str
) -> None:
    folder = shutil.copytree(model("nllb"), tmp_path / "own")
    config = folder / "tokenizer_config.json"
    config.write_text(json.dumps({key: value for key, value in json.loads(config.read_text()).items() if key != lost}))
    if lost == config.name:
        config.unlink()
    engines = [
        resolve(str(path), "fr", cache_dir=cache, offline=True).prepare("cpu").open(Decoding(), 1)
        for path in (folder, model("nllb"))
    ]
    own, whole = ([best.text for (best,) in one.translate(one.read(TEXTS), GREEDY)] for one in engines)
    assert own == whole


def _transformers(
    folder: Path, name: str, lang: str, special: str | None, text: str
) -> tuple[list[int], list[int], Any]:
    """Ids that transformers reads for a text, what it generates (start token cut off), and its tokenizer."""
    source_language = {"m2m100": "en", "small100": lang, "nllb": "eng_Latn", "mbart": "en_XX"}.get(name)
    m2m = {"m2m100": transformers.M2M100Tokenizer, "small100": transformers.M2M100Tokenizer}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        tokenizer = m2m.get(name, transformers.AutoTokenizer).from_pretrained(
            folder, **({"src_lang": source_language} if source_language else {})
        )
    net = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    written = f"{special} {text}" if name in ("marian-many", "madlad") else text
    inputs = tokenizer(written, return_tensors="pt")
    forced = tokenizer.convert_tokens_to_ids(special) if name in ("m2m100", "nllb", "mbart") else None
    with torch.no_grad():
        output = net.generate(
            **inputs,
            num_beams=1,
            do_sample=False,
            max_new_tokens=MAX_TOKENS + 1 + (forced is not None),
            forced_bos_token_id=forced,
        )
    return inputs.input_ids[0].tolist(), output[0].tolist()[1:], tokenizer


@pytest.mark.parametrize("name", ["marian", "nllb"])
def test_score_is_the_mean_log_probability_under_any_length_penalty(
    model: Callable[[str], Path], cache: Path, name: str
) -> None:
    translator = resolve(str(model(name)), "de", cache_dir=cache, offline=True).prepare("cpu").open(Decoding(), 1)
    sources = translator.read(TEXTS)
    plain = [best for (best,) in translator.translate(sources, GREEDY)]
    for penalty in (0.0, 0.6, 2.0):
        other = [best for (best,) in translator.translate(sources, replace(GREEDY, length_penalty=penalty))]
        assert [row.pieces for row in other] == [row.pieces for row in plain]
        assert [row.score for row in other] == pytest.approx([row.score for row in plain], abs=1e-5)
    assert all(row.score < 0 for row in plain)
    assert all(len(row.pieces) <= MAX_TOKENS + 1 for row in plain)


def test_output_cap_follows_the_longest_source_and_ends_at_the_positions(model: Callable[[str], Path]) -> None:
    engine = resolve(str(model("ctranslate2")), "de", cache_dir=Path("unused")).prepare("cpu").open(Decoding(), 1)
    assert isinstance(engine, CTranslate2)
    short, long = Source(("add", "salt", "</s>"), after=1), Source(("stir",) * 500 + ("</s>",), after=1)
    search = replace(GREEDY, output_factor=1.5, output_extra=4)
    assert engine.output_cap([short, short], search) == 7  # 1.5 x 2 + 4
    assert engine.output_cap([short, long], search) == 510  # of 512 positions two are the start's and the end's
