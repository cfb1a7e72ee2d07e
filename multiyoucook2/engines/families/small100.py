"""SMaLL-100: M2M-100's vocabulary, but the encoder is told the target. Tokens: ``__de__ pieces </s>``.

A conversion of it looks like one of M2M-100, so its folder needs a ``mycook.json`` with ``{"family": "small100"}``.
Its tokenizer's class is code on the hub, which is never run: M2M-100's reads the same vocabulary.
"""

from collections.abc import Iterable

from ..family import FAMILIES, Family, ModelSpec
from ..folder import ModelFiles
from .m2m100 import M2M100


class Small100(M2M100):
    name = "small100"
    citation = """@inproceedings{mohammadshahi2022small100,
  author    = {Mohammadshahi, Alireza and others},
  title     = {{SMaLL-100}: Introducing Shallow Multilingual Machine Translation Model for Low-Resource Languages},
  booktitle = {Conference on Empirical Methods in Natural Language Processing},
  year      = {2022},
}"""

    def models(self) -> Iterable[ModelSpec]:
        yield self.model("small100", "alirezamsh/small100", "1.3 GB")

    def recognises(self, files: ModelFiles) -> int:
        marked = "small100" in files.tokenizer_class or "tokenization_small100.py" in files.names
        return 2 if files.model_type in self.model_types and marked else 0

    def source_token(self, lang: str) -> str | None:
        return None

    def layout(self, source: str | None, target: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return Family.layout(self, source, target)


FAMILIES.add(Small100())
