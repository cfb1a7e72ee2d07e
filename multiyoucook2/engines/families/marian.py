"""Marian, OPUS-MT's architecture: a model a language or a group; a group's member needs ``>>xxx<<`` in front.

Tokens: ``[>>xxx<<] pieces </s>``. Two SentencePiece models, ``source.spm`` and ``target.spm``.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...errors import RecipeError
from ...languages import Language, language
from ..family import FAMILIES, Checkpoint, Family, ModelSpec
from ..folder import ModelFiles
from ..marian_npz import MARIAN, MARIAN_FILE, converter


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
_OPUS_BIG = {
    "de": Checkpoint("gsarti/opus-mt-tc-big-en-de", "cc-by-4.0"),  # Helsinki-NLP's own repository of that name is gone
    "fr": _opus("tc-big-en-fr", "cc-by-4.0"),
    "es": _opus("tc-big-en-es", "cc-by-4.0"),
    "cs": _opus("tc-big-en-ces_slk", "cc-by-4.0", ">>ces<<"),
    "ru": _opus("tc-big-en-zle", "cc-by-4.0", ">>rus<<"),
}


class Marian(Family):
    name = "marian"
    citation = r"""@inproceedings{tiedemann2020opus,
  author    = {Tiedemann, J{\"o}rg and Thottingal, Santhosh},
  title     = {{OPUS-MT}: Building Open Translation Services for the World},
  booktitle = {Annual Conference of the European Association for Machine Translation},
  year      = {2020},
}"""
    model_types = ("marian", MARIAN)
    language_tokens = r">>\S+<<"
    positions = 512
    tokenizer_class = "MarianTokenizer"
    needs = (("source.spm",), ("target.spm",), ("vocab.json", MARIAN_FILE))

    def models(self) -> Iterable[ModelSpec]:
        yield ModelSpec("opus-mt", self.name, _OPUS, size="0.3 GB a language", source_langs=("en",))
        yield ModelSpec("opus-mt-tc-big", self.name, _OPUS_BIG, size="0.5 to 0.9 GB a language", source_langs=("en",))

    def recognises(self, files: ModelFiles) -> int:
        return 1 if files.converted else super().recognises(files)

    def languages(self, files: ModelFiles) -> tuple[str, ...]:
        """What the tokenizer names as its target. A group's model says it in tokens instead."""
        named = files.tokenizer_config.get("target_lang")
        if not isinstance(named, str) or _is_group(files):
            return ()
        try:
            return (language(named).code,)
        except RecipeError:  # "ROMANCE" and the like
            return ()

    def target_token(self, lang: str, files: ModelFiles) -> str | None:
        if not _is_group(files):
            return None
        spelled = [f">>{code}<<" for code in _spellings(language(lang))]
        return next((token for token in spelled if token in files.token_set), spelled[0])

    def converter(self, source: Path) -> Any:
        if (source / MARIAN_FILE).is_file():
            return converter(source)
        from ctranslate2.converters.transformers import MarianMTLoader, register_loader

        class Loader(MarianMTLoader):
            """CTranslate2's loader, which takes the source's vocabulary for both sides, with each side's own."""

            def get_vocabulary(self, model: Any, tokenizer: Any) -> list[str]:
                self.target = _tokens_of(tokenizer.target_encoder) if tokenizer.separate_vocabs else None
                tokens: list[str] = super().get_vocabulary(model, tokenizer)  # type: ignore[no-untyped-call]
                return tokens

            def set_vocabulary(self, spec: Any, tokens: list[str]) -> None:
                spec.register_source_vocabulary(tokens)
                spec.register_target_vocabulary(self.target or tokens)

            def _remove_pad_weights(self, spec: Any) -> None:
                for part in (spec.encoder.embeddings[0], spec.decoder.embeddings, spec.decoder.projection):
                    part.weight = part.weight[:-1]
                    if part is spec.decoder.projection and part.has_bias():
                        part.bias = part.bias[:-1]

        register_loader("MarianConfig")(Loader)
        return super().converter(source)


def _is_group(files: ModelFiles) -> bool:
    return any(token.startswith(">>") and token.endswith("<<") for token in files.tokens)


def _spellings(row: Language) -> list[str]:
    """The codes by which groups' models name a language: its own, then that of all languages that are called so.

    Arabic is ``arb`` in one model and ``ara`` in another. Of Chinese, and where our code tells the script, a token
    with that script comes first.
    """
    import langcodes

    chinese = row.iso3 == "zho"
    codes = dict.fromkeys((row.iso3, langcodes.Language.get(row.code).to_alpha3(), *(["cmn"] if chinese else [])))
    spelled = [spelling for code in codes for spelling in (code, f"{code}_{row.script}")]
    if chinese or "-" in row.code:
        spelled.sort(key=lambda spelling: "_" not in spelling)
    return [*spelled, row.code]


def _tokens_of(encoder: dict[str, int]) -> list[str]:
    """The tokens by their numbers, without the last, ``<pad>``, which only starts the decoder."""
    tokens = sorted(encoder, key=encoder.__getitem__)
    return tokens[:-1] if tokens[-1] == "<pad>" else tokens


FAMILIES.add(Marian())
