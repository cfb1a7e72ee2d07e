"""mBART-50. Tokens: ``en_XX pieces </s>``; decoding is made to start with ``de_DE``.

mBART-25 starts its decoder in another way, which does not convert, and is refused.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..family import FAMILIES, Checkpoint, Family, ModelSpec
from ..folder import ModelFiles
from ..tokens import END

# facebook/mbart-large-50, its tokenizer's list
_CODES = """
ar_AR cs_CZ de_DE en_XX es_XX et_EE fi_FI fr_XX gu_IN hi_IN it_IT ja_XX kk_KZ ko_KR lt_LT lv_LV my_MM ne_NP nl_XX ro_RO
ru_RU si_LK tr_TR vi_VN zh_CN af_ZA az_AZ bn_IN fa_IR he_IL hr_HR id_ID ka_GE km_KH mk_MK ml_IN mn_MN mr_IN pl_PL ps_AF
pt_XX sv_SE sw_KE ta_IN te_IN th_TH tl_XX uk_UA ur_PK xh_ZA gl_ES sl_SI
""".split()
_TOKENS = {code[:2]: code for code in _CODES}
_HUB_ID = "facebook/mbart-large-50-many-to-many-mmt"


class Mbart(Family):
    name = "mbart"
    citation = """@article{tang2020multilingual,
  author  = {Tang, Yuqing and others},
  title   = {Multilingual Translation with Extensible Multilingual Pretraining and Finetuning},
  journal = {arXiv:2008.00401},
  year    = {2020},
}"""
    model_types = ("mbart",)
    language_tokens = r"[a-z]{2}_[A-Z]{2}"
    needs = (("sentencepiece.bpe.model", "tokenizer.json"),)

    def models(self) -> Iterable[ModelSpec]:
        rows = {code: Checkpoint(_HUB_ID, "unknown", token) for code, token in _TOKENS.items()}
        return (ModelSpec("mbart-large-50", self.name, rows, size="2.4 GB"),)

    def recognises(self, files: ModelFiles) -> int:
        return 2 * int("en_XX" in files.token_set) if files.converted else super().recognises(files)

    def refuses(self, files: ModelFiles) -> str | None:
        if files.converted:  # the original's settings are gone
            right = files.config.get("decoder_start_token") == END
            return None if right else "its conversion starts the decoder as mBART-25 does: take the original mBART-50"
        if not {"normalize_before", "normalize_embedding"} <= files.config.keys():
            return "its config.json lacks normalize_before and normalize_embedding, without which it converts wrongly"
        named = f"{files.config.get('tokenizer_class')} {files.tokenizer_class}".lower()
        if "mbart50" not in named and _CODES[-1] not in files.token_set:
            return "it is mBART-25, whose decoder starts in a way that does not convert; mBART-50 does"
        return None

    def converter(self, source: Path) -> Any:
        from ctranslate2.converters.transformers import MBartLoader, register_loader

        class Loader(MBartLoader):
            """CTranslate2's loader, which tells mBART-50 by settings that transformers 5 no longer writes."""

            def set_config(self, config: Any, model: Any, tokenizer: Any) -> None:
                super().set_config(config, model, tokenizer)  # type: ignore[no-untyped-call]
                config.decoder_start_token = tokenizer.eos_token
                config.bos_token = tokenizer.bos_token or tokenizer.cls_token

        register_loader("MBartConfig")(Loader)
        return super().converter(source)

    def languages(self, files: ModelFiles) -> tuple[str, ...]:
        return tuple(_TOKENS)

    def token(self, lang: str) -> str | None:
        return _TOKENS.get(lang)

    def source_token(self, lang: str) -> str | None:
        return self.token(lang)

    def layout(self, source: str | None, target: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (source,) if source else (), (target,) if target else ()


FAMILIES.add(Mbart())
