"""Each family's tokens and outputs, against transformers' own."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from multiyoucook2.engines.base import Search
from multiyoucook2.engines.convert import prepare
from multiyoucook2.engines.ctranslate2 import CTranslate2
from multiyoucook2.engines.registry import find_engine
from multiyoucook2.engines.tokens import is_special, load_tokenization

from .conftest import made_up_lines

GREEDY = Search(beam_size=1, length_penalty=1.0, max_tokens=12)
TEXTS = [*made_up_lines(12), "chop the ZUCCHINI"]  # the last has pieces that the vocabulary lacks


@pytest.mark.parametrize(
    ("name", "lang", "special"),
    [
        ("marian", "de", None),
        ("marian-many", "zh", ">>cmn_Hans<<"),
        ("m2m100", "de", "__de__"),
        ("small100", "de", "__de__"),
        ("nllb", "fr", "fra_Latn"),
        ("madlad", "de", "<2de>"),
    ],
)
def test_greedy_output_is_transformers_own(
    model: Callable[[str], Path], cache: Path, name: str, lang: str, special: str | None
) -> None:
    spec = replace(find_engine(str(model(name)), lang), compute_types={"cpu": ("float32",)})
    prepared = prepare(spec, lang, device="cpu", cache_dir=cache, offline=True)
    assert prepared.token == special
    tokenization = load_tokenization(prepared.folder, prepared.family, prepared.token)
    sources = tokenization.encode(TEXTS)
    translator = CTranslate2(prepared, tokenization.target_prefix, threads=1)
    outputs = [best for (best,) in translator.translate(sources, GREEDY)]
    for text, source, output in zip(TEXTS, sources, outputs, strict=True):
        ids, generated, tokenizer = _transformers(model(name), name, lang, special, text)
        known = tokenizer.get_vocab().keys() | {*_unlisted(prepared.token)}
        assert tokenizer.convert_ids_to_tokens(ids) == [token if token in known else "<unk>" for token in source]
        kept = [token for token in tokenizer.convert_ids_to_tokens(generated) if token != "<pad>"]
        kept = kept[len(tokenization.target_prefix) :]
        finished = bool(kept) and kept[-1] == "</s>"
        assert output.finished == finished
        assert list(output.tokens) == kept[: -1 if finished else None]
        text_ids = [i for i in generated if not is_special(tokenizer.convert_ids_to_tokens(i))]
        assert tokenization.decode(output.tokens) == tokenizer.decode(text_ids, skip_special_tokens=True).strip()


def _unlisted(token: str | None) -> set[str]:
    """Language tokens that M2M-100's tokenizer knows and does not list."""
    return {"__en__", *([token] if token else [])}


def _transformers(
    folder: Path, name: str, lang: str, special: str | None, text: str
) -> tuple[list[int], list[int], Any]:
    """Ids that transformers reads for a text, what it generates (start token cut off), and its tokenizer."""
    source_language = {"m2m100": "en", "small100": lang, "nllb": "eng_Latn"}.get(name)
    m2m = {"m2m100": transformers.M2M100Tokenizer, "small100": transformers.M2M100Tokenizer}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        tokenizer = m2m.get(name, transformers.AutoTokenizer).from_pretrained(
            folder, **({"src_lang": source_language} if source_language else {})
        )
    net = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    written = f"{special} {text}" if name in ("marian-many", "madlad") else text
    inputs = tokenizer(written, return_tensors="pt")
    forced = tokenizer.convert_tokens_to_ids(special) if name in ("m2m100", "nllb") else None
    with torch.no_grad():
        output = net.generate(
            **inputs,
            num_beams=1,
            do_sample=False,
            max_new_tokens=GREEDY.max_tokens + 1 + (forced is not None),
            forced_bos_token_id=forced,
        )
    return inputs.input_ids[0].tolist(), output[0].tolist()[1:], tokenizer


@pytest.mark.parametrize("name", ["marian", "nllb"])
def test_score_is_the_mean_log_probability_under_any_length_penalty(
    model: Callable[[str], Path], cache: Path, name: str
) -> None:
    prepared = prepare(find_engine(str(model(name)), "de"), "de", device="cpu", cache_dir=cache, offline=True)
    tokenization = load_tokenization(prepared.folder, prepared.family, prepared.token)
    translator = CTranslate2(prepared, tokenization.target_prefix, threads=1)
    sources = tokenization.encode(TEXTS)
    plain = [best for (best,) in translator.translate(sources, GREEDY)]
    for penalty in (0.0, 0.6, 2.0):
        other = [best for (best,) in translator.translate(sources, replace(GREEDY, length_penalty=penalty))]
        assert [row.tokens for row in other] == [row.tokens for row in plain]
        assert [row.score for row in other] == pytest.approx([row.score for row in plain], abs=1e-5)
    assert all(row.score < 0 for row in plain)
    assert all(len(row.tokens) <= GREEDY.max_tokens + 1 for row in plain)
