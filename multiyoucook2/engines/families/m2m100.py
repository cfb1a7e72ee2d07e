"""M2M-100. Tokens: ``__en__ pieces </s>``; decoding is made to start with ``__de__``."""

from collections.abc import Iterable

from ...languages import LANGUAGES
from ..family import FAMILIES, Checkpoint, Family, ModelSpec
from ..folder import ModelFiles

_UNSERVED = ("en", "te")


class M2M100(Family):
    name = "m2m100"
    model_types = ("m2m_100",)
    language_tokens = r"__[a-z]{2,3}__"
    needs = (("vocab.json",), ("sentencepiece.bpe.model",))
    tokenizer_class = "M2M100Tokenizer"

    def models(self) -> Iterable[ModelSpec]:
        yield self.model("m2m100-418M", "facebook/m2m100_418M", "1.9 GB")
        yield self.model("m2m100-1.2B", "facebook/m2m100_1.2B", "5 GB")

    def model(self, name: str, hub_id: str, size: str) -> ModelSpec:
        """A row of the registry."""
        codes = [code for code in LANGUAGES if code not in _UNSERVED]
        return ModelSpec(
            name, self.name, {code: Checkpoint(hub_id, "mit", self.token(code)) for code in codes}, size=size
        )

    def recognises(self, files: ModelFiles) -> int:
        return int("__en__" in files.token_set) if files.converted else super().recognises(files)

    def token(self, lang: str) -> str | None:
        return f"__{lang}__"

    def source_token(self, lang: str) -> str | None:
        return self.token(lang)

    def layout(self, source: str | None, target: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (source,) if source else (), (target,) if target else ()


FAMILIES.add(M2M100())
