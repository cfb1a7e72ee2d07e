"""MADLAD-400, a T5 with ``<2xx>`` in front. Tokens: ``<2de> pieces </s>``."""

import re
from collections.abc import Iterable

from ...languages import LANGUAGES
from ..family import FAMILIES, Checkpoint, ComputeTypes, Family, ModelSpec
from ..folder import ModelFiles

NO_FLOAT16: ComputeTypes = {"cpu": ("int8", "float32"), "cuda": ("bfloat16", "float32")}  # it overflows


_ITS_CODES = {"he": "iw", "tl": "fil", "nb": "no"}


class Madlad(Family):
    name = "madlad"
    citation = """@inproceedings{kudugunta2023madlad,
  author    = {Kudugunta, Sneha and others},
  title     = {{MADLAD-400}: A Multilingual And Document-Level Large Audited Dataset},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2023},
}"""
    model_types = ("t5",)
    language_tokens = r"<2[A-Za-z_]{2,}>"
    needs = (("spiece.model", "tokenizer.json"),)
    min_length = 0
    compute_types = NO_FLOAT16

    def models(self) -> Iterable[ModelSpec]:
        rows = {
            code: Checkpoint("google/madlad400-3b-mt", "apache-2.0", self.token(code))
            for code in LANGUAGES
            if code != "en"
        }
        return (ModelSpec("madlad400-3b-mt", self.name, rows, self.compute_types, size="11.8 GB"),)

    def recognises(self, files: ModelFiles) -> int:
        """A T5 is a translation model only if it has the tokens."""
        if not files.converted and not super().recognises(files):
            return 0
        return 2 if any(re.fullmatch(self.language_tokens, token) for token in files.tokens) else 0

    def token(self, lang: str) -> str | None:
        return f"<2{_ITS_CODES.get(lang, lang).replace('-', '_')}>"


FAMILIES.add(Madlad())
