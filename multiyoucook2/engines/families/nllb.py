"""NLLB-200. Tokens: ``eng_Latn pieces </s>``; decoding is made to start with ``deu_Latn``."""

from collections.abc import Iterable

from ...languages import LANGUAGES, language
from ..family import FAMILIES, Checkpoint, Family, ModelSpec
from ..folder import ModelFiles

LICENSE = "cc-by-nc-4.0"
_UNSERVED = ("br", "fy")  # of our table


class Nllb(Family):
    name = "nllb"
    citation = """@article{nllb2022,
  author  = {{NLLB Team}},
  title   = {No Language Left Behind: Scaling Human-Centered Machine Translation},
  journal = {arXiv:2207.04672},
  year    = {2022},
}"""
    model_types = ("m2m_100",)
    language_tokens = r"[a-z]{3}_[A-Z][a-z]{3}"
    needs = (("sentencepiece.bpe.model", "tokenizer.json"),)
    tokenizer_class = "NllbTokenizer"  # older folders name none, and M2M-100's would be taken

    def models(self) -> Iterable[ModelSpec]:
        for model, size in (("distilled-600M", "2.5 GB"), ("distilled-1.3B", "5.5 GB"), ("3.3B", "17.6 GB")):
            rows = {
                code: Checkpoint(f"facebook/nllb-200-{model}", LICENSE, self.token(code))
                for code in LANGUAGES
                if code not in _UNSERVED
            }
            yield ModelSpec(f"nllb-200-{model}", self.name, rows, size=size)

    def recognises(self, files: ModelFiles) -> int:
        if files.converted:
            return 2 if "eng_Latn" in files.token_set else 0
        named = "nllb" in files.tokenizer_class or "eng_Latn" in files.token_set or "vocab.json" not in files.names
        return 2 if super().recognises(files) and named else 0

    def token(self, lang: str) -> str | None:
        return language(lang).flores

    def source_token(self, lang: str) -> str | None:
        return self.token(lang)

    def layout(self, source: str | None, target: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (source,) if source else (), (target,) if target else ()


FAMILIES.add(Nllb())
