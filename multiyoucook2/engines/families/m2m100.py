"""M2M-100. Tokens: ``__en__ pieces </s>``; decoding is made to start with ``__de__``."""

from collections.abc import Iterable

from ..family import FAMILIES, Checkpoint, Family, ModelSpec
from ..folder import ModelFiles

# Its 100 languages (facebook/m2m100_418M, its tokenizer's list), in our codes.
_LANGUAGES = """
af am ar ast az ba be bg bn br bs ca ceb cs cy da de el en es et fa ff fi fr fy ga gd gl gu ha he hi hr ht hu hy id ig
ilo is it ja jv ka kk km kn ko lb lg ln lo lt lv mg mk ml mn mr ms my ne nl nb nso oc or pa pl ps pt ro ru sd si sk sl
so sq sr ss su sv sw ta th tl tn tr uk ur uz vi wo xh yi yo zh zu
""".split()
_ITS_CODES = {"nb": "no", "nso": "ns"}


class M2M100(Family):
    name = "m2m100"
    citation = """@article{fan2021beyond,
  author  = {Fan, Angela and others},
  title   = {Beyond {English}-Centric Multilingual Machine Translation},
  journal = {Journal of Machine Learning Research},
  volume  = {22},
  year    = {2021},
}"""
    model_types = ("m2m_100",)
    language_tokens = r"__[a-z]{2,3}__"
    needs = (("vocab.json",), ("sentencepiece.bpe.model",))
    tokenizer_class = "M2M100Tokenizer"

    def models(self) -> Iterable[ModelSpec]:
        yield self.model("m2m100-418M", "facebook/m2m100_418M", "1.9 GB")
        yield self.model("m2m100-1.2B", "facebook/m2m100_1.2B", "5 GB")

    def model(self, name: str, hub_id: str, size: str) -> ModelSpec:
        """A row of the registry."""
        rows = {code: Checkpoint(hub_id, "mit", self.token(code)) for code in _LANGUAGES}
        return ModelSpec(name, self.name, rows, size=size)

    def recognises(self, files: ModelFiles) -> int:
        return int("__en__" in files.token_set) if files.converted else super().recognises(files)

    def token(self, lang: str) -> str | None:
        return f"__{_ITS_CODES.get(lang, lang)}__"

    def source_token(self, lang: str) -> str | None:
        return self.token(lang)

    def layout(self, source: str | None, target: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (source,) if source else (), (target,) if target else ()


FAMILIES.add(M2M100())
