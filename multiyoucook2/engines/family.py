"""A family of models: how its members are recognised, how their tokens lie, what their conversion needs.

A family is one file in ``families/``, which registers itself; nothing else has to know of it. The defaults here are
those of an encoder-decoder that CTranslate2's converter handles as it is.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..files import file_sha256
from ..registry import Registry
from .base import Engine
from .ctranslate2 import CTranslate2
from .decoding import Decoding
from .folder import DESCRIPTION, ModelFiles, read_json
from .maps import measured_map, shipped_map
from .tokens import Tokenization, load_pieces
from .vocabulary import check_tokens

# Compute types in order of preference; the first that the device supports is used.
ComputeTypes = Mapping[str, tuple[str, ...]]
USUAL: ComputeTypes = {"cpu": ("int8", "float32"), "cuda": ("int8_float16", "float16", "float32")}
AS_STORED: ComputeTypes = {"cpu": ("default",), "cuda": ("default",)}


@dataclass(frozen=True)
class Checkpoint:
    """The weights that serve one language: hub repository, licence, and language token, where it has one."""

    hub_id: str
    license: str
    token: str | None = None
    revision: str | None = None


@dataclass(frozen=True)
class ModelSpec:
    """One model. ``folder`` is set for models that lie on this disk: the bundled one, and the user's own."""

    name: str
    family: str
    checkpoints: Mapping[str, Checkpoint]
    compute_types: ComputeTypes = field(default_factory=lambda: USUAL)
    folder: Path | None = None
    size: str = ""
    source_langs: tuple[str, ...] = ()  # what it translates from; empty: any language that it knows

    @property
    def languages(self) -> tuple[str, ...]:
        """The language codes that it translates into."""
        return tuple(self.checkpoints)

    @property
    def licenses(self) -> tuple[str, ...]:
        """The licences of its checkpoints, each once."""
        return tuple(sorted({row.license for row in self.checkpoints.values()}))


@dataclass(frozen=True)
class PreparedModel:
    """A CTranslate2 folder for one language, ready to be opened, with what the rows of its translations record."""

    name: str
    family: str
    folder: Path
    lang: str
    source_lang: str
    revision: str
    license: str
    token: str | None
    source_token: str | None
    compute_type: str
    device: str
    cache_dir: Path

    def map_file(self, decoding: Decoding) -> Path | None:
        """The vocabulary map that a decoding uses: the model's own, or one that was measured here."""
        if not decoding.vocabulary_map:
            return None
        return shipped_map(self.folder) or measured_map(self.cache_dir, self.name, self.revision, self.lang)

    def depends_on(self, decoding: Decoding) -> dict[str, str | None]:
        """What the outputs depend on beside text, name, revision and decoding."""
        map_file = self.map_file(decoding)
        depends = {"compute_type": self.compute_type, "map": file_sha256(map_file) if map_file else None}
        if told := FAMILIES.find(self.family).told(self):
            depends["told"] = told
        return depends

    def open(self, decoding: Decoding, threads: int | None = None) -> Engine:
        """The engine at work; the weights are loaded with the first batch."""
        return FAMILIES.find(self.family).open(self, threads=threads, map_file=self.map_file(decoding))


class Family:
    """One family; a subclass overrides what differs.

    ``model_types``: transformers' names of its architecture. ``language_tokens``: what the tokens that name a language
    look like. ``positions``: the longest sequence that its members have positions for. ``tokenizer_class``: the class
    of transformers that reads its tokenizer, where the automatic choice is wrong. ``takes_map``: whether a vocabulary
    map can restrict its output. ``citation``: BibTeX of its makers. ``needs``: files without which a conversion is not
    possible, each with those that serve instead.
    """

    name: str
    model_types: tuple[str, ...] = ()
    language_tokens: str = r"(?!)"  # matches nothing
    positions: int = 1024
    min_length: int = 1
    compute_types: ComputeTypes = USUAL
    tokenizer_class: str | None = None
    takes_map: bool = True
    citation: str = ""
    needs: tuple[tuple[str, ...], ...] = ()

    def models(self) -> Iterable[ModelSpec]:
        """The rows of the registry: the members that are known by name."""
        return ()

    def recognises(self, files: ModelFiles) -> int:
        """How surely a model is a member: 0 not at all, 1 by its type alone, 2 by a mark that only members have."""
        return int(files.model_type in self.model_types)

    def refuses(self, files: ModelFiles) -> str | None:
        """Why a member cannot be used, where it looks like one and would translate wrongly; ``None`` if it can."""
        return None

    def describe(self, source: Path) -> dict[str, Any]:
        """What a conversion writes into ``mycook.json`` of the model in ``source``, since it is lost otherwise."""
        positions = (read_json(source / "config.json") or {}).get("max_position_embeddings")
        return {"max_positions": int(positions) if positions else None}

    def token(self, lang: str) -> str | None:
        """The token that names a language, such as ``__de__``; ``None`` where the family has none."""
        return None

    def target_token(self, lang: str, files: ModelFiles) -> str | None:
        """The target language's token in a folder whose vocabulary can be looked at."""
        return self.token(lang)

    def languages(self, files: ModelFiles) -> tuple[str, ...]:
        """The languages that a model's own files say it serves; empty where they do not say."""
        return ()

    def source_token(self, lang: str) -> str | None:
        """The token that the source language needs; ``None`` where the encoder is not told."""
        return None

    def layout(self, source: str | None, target: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The tokens before the source's pieces, and those that decoding is made to start with."""
        return (target,) if target else (), ()

    def told(self, model: PreparedModel) -> str | None:
        """What a model is told that the tokens of a source do not show, such as which language they are in."""
        return None

    def converter(self, source: Path) -> Any:
        """A converter of CTranslate2 that reads the transformers model in ``source``."""
        from .transformers_converter import converter

        return converter(source, self.tokenizer_class)

    def tokenization(self, folder: Path, source: str | None, target: str | None) -> Tokenization:
        """How texts become tokens and back in a converted folder.

        Raises:
            ModelError: the folder has no subword model.
        """
        about, config = (read_json(folder / name) or {} for name in (DESCRIPTION, "config.json"))
        prefix, target_prefix = self.layout(source, target)
        return Tokenization(
            *load_pieces(folder),
            prefix=prefix,
            target_prefix=target_prefix,
            positions=int(about.get("max_positions") or self.positions),
            lowercase=bool(about.get("lowercase", False)),
            ends=not config.get("add_source_eos"),
            language_tokens=re.compile(self.language_tokens),
        )

    def check(self, folder: Path, name: str, source: str | None, target: str | None) -> None:
        """Checks that a converted folder has the tokens that a pair of languages needs.

        Raises:
            ModelError: one is missing.
        """
        check_tokens(folder, name, self.tokenization(folder, source, target))

    def open(self, model: PreparedModel, *, threads: int | None = None, map_file: Path | None = None) -> Engine:
        """The engine that runs a prepared model. Loads the subword model; the weights follow with the first batch."""
        return CTranslate2(
            model.folder,
            self.tokenization(model.folder, model.source_token, model.token),
            device=model.device,
            compute_type=model.compute_type,
            threads=threads,
            map_file=map_file,
            min_length=self.min_length,
        )


# What no model has: a conversion would allocate it before anybody notices.
_MOST = {
    **dict.fromkeys(("num_hidden_layers", "encoder_layers", "decoder_layers", "num_layers", "num_decoder_layers"), 500),
    **dict.fromkeys(("d_model", "hidden_size", "d_ff", "encoder_ffn_dim", "intermediate_size"), 1_000_000),
    **dict.fromkeys(("vocab_size", "max_position_embeddings"), 10_000_000),
}
FAMILIES: Registry[Family] = Registry("multiyoucook2.engines.families", "family of models", ModelError)


def recognise(files: ModelFiles) -> Family:
    """The family of a model, as its ``mycook.json`` says or by its files.

    Raises:
        ModelError: it is of none that is known here, does not convert, or would translate wrongly.
    """
    _require_convertible(files)
    declared = files.about.get("family")
    family = FAMILIES.find(str(declared)) if declared else _by_files(files)
    if reason := family.refuses(files):
        raise ModelError(f"{files.place} cannot be used: {reason}", hint="mycook models lists what can")
    return family


def _require_convertible(files: ModelFiles) -> None:
    if not files.converted and (files.config.get("quantization_config") or {}).get("quant_method", "awq") != "awq":
        raise ModelError(f"{files.place} is quantized in a way that does not convert", hint="take the original model")
    if not files.converted and files.weights in ("GGUF", "ONNX", "HDF5"):
        raise ModelError(
            f"{files.place} has weights for {files.weights} only", hint="take one with safetensors weights"
        )
    for name, most in _MOST.items():
        if isinstance(value := files.config.get(name), int) and value > most:
            raise ModelError(f"{files.place}: {name} is {value} in its config.json", hint="the file is damaged")


def _by_files(files: ModelFiles) -> Family:
    if not files.converted and not files.model_type:
        raise ModelError(
            f"{files.place} holds neither a CTranslate2 model (model.bin) nor a transformers model (config.json)",
            hint="give the folder that save_pretrained or ct2-transformers-converter wrote, or OPUS-MT's zip",
        )
    best = max(FAMILIES, key=lambda family: family.recognises(files))
    if best.recognises(files):
        return best
    known = sorted({name for family in FAMILIES for name in family.model_types})
    what = f"a {files.model_type!r} model" if files.model_type else "a converted model without known language tokens"
    raise ModelError(
        f"{files.place} is {what}, which is no translation model known here", hint=f"known types: {', '.join(known)}"
    )
