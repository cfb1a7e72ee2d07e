"""What lies in a local model folder: which kind of model, of which family, with which language token."""

import json
import re
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..languages import language
from .registry import AS_STORED, FAMILIES, MADLAD, USUAL, Checkpoint, ModelSpec, language_token

DESCRIPTION = "mycook.json"


def is_ctranslate2(folder: Path) -> bool:
    """Whether a folder holds a converted model."""
    return (folder / "model.bin").is_file() and (folder / "config.json").is_file()


def read_json(path: Path) -> Any:
    """A JSON file's value, or ``None`` where the file is absent.

    Raises:
        ModelError: the file is not JSON.
    """
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ModelError(
            f"{path} is not JSON", hint="the model folder is damaged: download or convert it again"
        ) from None


def vocabulary(folder: Path, side: str) -> list[str]:
    """The tokens of a converted model, ``side`` ``"source"`` or ``"target"``."""
    for name in (f"{side}_vocabulary.json", "shared_vocabulary.json"):
        tokens = read_json(folder / name)
        if tokens is not None:
            return [str(token) for token in tokens]
    for name in (f"{side}_vocabulary.txt", "shared_vocabulary.txt"):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8").splitlines()
    raise ModelError(f"{folder} has no {side} vocabulary", hint="convert the model again with CTranslate2 4")


def describe_folder(folder: Path, lang: str) -> ModelSpec:
    """The engine that a user's own folder is, for one language.

    Raises:
        ModelError: the folder holds no translation model that is known here.
    """
    about = read_json(folder / DESCRIPTION) or {}
    converted = is_ctranslate2(folder)
    tokens = vocabulary(folder, "source") if converted else _transformers_tokens(folder)
    family = str(about.get("family") or (_family_of_vocabulary(tokens) if converted else _family_of_config(folder)))
    if family not in FAMILIES:
        raise ModelError(f"{folder}: family {family!r} is not known", hint=f"known: {', '.join(FAMILIES)}")
    license_ = str(about.get("license") or license_of_readme(folder) or "unknown").lower()
    codes = [str(code) for code in about.get("languages", [])] or [lang]
    rows = {code: Checkpoint("", license_, _token(family, code, tokens, about)) for code in codes}
    types = AS_STORED if converted else MADLAD if family == "madlad" else USUAL
    return ModelSpec(folder.resolve().name, family, rows, types, folder)


def _token(family: str, lang: str, tokens: list[str], about: dict[str, Any]) -> str | None:
    if "source_prefix" in about:
        return str(about["source_prefix"]).format(lang=lang)
    if family != "marian":
        return language_token(family, lang)
    if not any(token.startswith(">>") and token.endswith("<<") for token in tokens):
        return None
    row = language(lang)
    spelled = (f">>{row.iso3}<<", f">>{row.iso3}_{row.script}<<", f">>cmn_{row.script}<<", f">>{lang}<<")
    return next((token for token in spelled if token in tokens), spelled[0])


def _transformers_tokens(folder: Path) -> list[str]:
    """The tokens of ``vocab.json``: only Marian's language tokens are looked up there, other families have a rule."""
    tokens = read_json(folder / "vocab.json")
    return list(tokens) if isinstance(tokens, dict) else []


def _family_of_config(folder: Path) -> str:
    config = read_json(folder / "config.json")
    if not isinstance(config, dict) or "model_type" not in config:
        raise ModelError(
            f"{folder} holds neither a CTranslate2 model (model.bin) nor a transformers model (config.json)",
            hint="give the folder that save_pretrained or ct2-transformers-converter wrote",
        )
    kind = str(config["model_type"])
    tokenizer = str((read_json(folder / "tokenizer_config.json") or {}).get("tokenizer_class", ""))
    if kind == "m2m_100" and "nllb" in tokenizer.lower():
        return "nllb"
    if kind == "m2m_100" and ("small100" in tokenizer.lower() or (folder / "tokenization_small100.py").is_file()):
        return "small100"
    families = {"marian": "marian", "m2m_100": "m2m100", "t5": "madlad"}
    if kind not in families:
        raise ModelError(
            f"{folder} is a {kind!r} model, which is no translation model known here",
            hint=f"known types: {', '.join(families)}",
        )
    return families[kind]


def _family_of_vocabulary(tokens: list[str]) -> str:
    """Language tokens tell the families apart. SMaLL-100's are M2M-100's, so its folder needs a ``mycook.json``."""
    known = set(tokens)
    if "__en__" in known:
        return "m2m100"
    if "eng_Latn" in known:
        return "nllb"
    return "madlad" if any(re.fullmatch(r"<2[A-Za-z_]{2,}>", token) for token in tokens) else "marian"


def license_of_readme(folder: Path) -> str | None:
    """The licence in the YAML head of a model card, if there is one."""
    card = folder / "README.md"
    if not card.is_file():
        return None
    head = card.read_text(encoding="utf-8", errors="replace").split("\n---", 1)[0]
    found = re.search(r"^license:\s*['\"]?([\w.+-]+)", head, flags=re.MULTILINE)
    return found.group(1) if found else None
