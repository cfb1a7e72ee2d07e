"""Marian, OPUS-MT's architecture: a model a language or a group; a group's member needs ``>>xxx<<`` in front.

Tokens: ``[>>xxx<<] pieces </s>``. Two SentencePiece models, ``source.spm`` and ``target.spm``.
"""

from collections.abc import Iterable

from ...languages import language
from ..family import FAMILIES, Checkpoint, Family, ModelSpec
from ..folder import ModelFiles


def _opus(repository: str, license_: str = "apache-2.0", token: str | None = None) -> Checkpoint:
    return Checkpoint(f"Helsinki-NLP/opus-mt-{repository}", license_, token)


_OPUS = {
    "de": _opus("en-de", "cc-by-4.0"),
    "fr": _opus("en-fr"),
    "cs": _opus("en-cs"),
    "zh": _opus("en-zh", token=">>cmn_Hans<<"),
    "ru": _opus("en-ru"),
    "vi": _opus("en-vi", token=">>vie<<"),
    "es": _opus("en-es"),
    "ja": Checkpoint("staka/fugumt-en-ja", "cc-by-sa-4.0"),  # opus-mt-en-jap is trained on Bible text
}


class Marian(Family):
    name = "marian"
    model_types = ("marian",)
    language_tokens = r">>\S+<<"
    positions = 512
    tokenizer_class = "MarianTokenizer"

    def models(self) -> Iterable[ModelSpec]:
        return (ModelSpec("opus-mt", self.name, _OPUS, size="0.3 GB a language", source_langs=("en",)),)

    def recognises(self, files: ModelFiles) -> int:
        return 1 if files.converted else super().recognises(files)

    def target_token(self, lang: str, files: ModelFiles) -> str | None:
        if not any(token.startswith(">>") and token.endswith("<<") for token in files.tokens):
            return None
        row = language(lang)
        spelled = (f">>{row.iso3}<<", f">>{row.iso3}_{row.script}<<", f">>cmn_{row.script}<<", f">>{lang}<<")
        return next((token for token in spelled if token in files.token_set), spelled[0])


FAMILIES.add(Marian())
