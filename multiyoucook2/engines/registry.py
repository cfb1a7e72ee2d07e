"""The registry of translation models: every hub id, licence and language token is spelled here once.

A revision of ``None`` means that nobody has pinned the model yet: it is resolved at the first download and recorded in
the cache (see ``hub.py``), and each translated row carries the commit that was used.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from ..errors import ModelError, nearest
from ..languages import LANGUAGES, language


@dataclass(frozen=True)
class Family:
    """How a family lays out its tokens.

    ``source_token`` says what stands before the source pieces: the token of the ``"target"`` language, of
    ``"english"``, or nothing. ``target_prefix`` says whether decoding is forced to start with the language's token,
    which is then stripped. ``positions`` is the longest sequence that the model has positions for.
    """

    name: str
    source_token: str | None
    target_prefix: bool = False
    english: str = ""
    positions: int = 1024
    min_length: int = 1


FAMILIES: dict[str, Family] = {
    row.name: row
    for row in (
        Family("marian", source_token="target", positions=512),
        Family("m2m100", source_token="english", target_prefix=True, english="__en__"),
        Family("small100", source_token="target"),
        Family("nllb", source_token="english", target_prefix=True, english="eng_Latn"),
        Family("madlad", source_token="target", min_length=0),
        Family("mini", source_token="target", positions=256),
    )
}

# Compute types in order of preference; the first that the device supports is used.
USUAL = {"cpu": ("int8", "float32"), "cuda": ("int8_float16", "float16", "float32")}
MADLAD = {"cpu": ("int8", "float32"), "cuda": ("bfloat16", "float32")}  # 16-bit floats overflow in this model
AS_STORED = {"cpu": ("default",), "cuda": ("default",)}


@dataclass(frozen=True)
class Checkpoint:
    """The weights that serve one language: hub repository, licence, and language token, where it has one."""

    hub_id: str
    license: str
    token: str | None = None
    revision: str | None = None


@dataclass(frozen=True)
class ModelSpec:
    """One engine. ``folder`` is set for models that lie on this disk: the bundled one, and the user's own."""

    name: str
    family: str
    checkpoints: Mapping[str, Checkpoint]
    compute_types: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: USUAL)
    folder: Path | None = None
    size: str = ""

    @property
    def languages(self) -> tuple[str, ...]:
        """The language codes that it translates into."""
        return tuple(self.checkpoints)

    @property
    def licenses(self) -> tuple[str, ...]:
        """The licences of its checkpoints, each once."""
        return tuple(sorted({row.license for row in self.checkpoints.values()}))


def language_token(family: str, lang: str) -> str | None:
    """The token that names a language in a family, e.g. ``__de__``; ``None`` where it has a model a language."""
    if family in ("m2m100", "small100"):
        return f"__{lang}__"
    if family == "nllb":
        return language(lang).flores
    return f"<2{lang}>" if family in ("madlad", "mini") else None


def _multilingual(name: str, family: str, hub_id: str, license_: str, size: str, without: str = "") -> ModelSpec:
    codes = [code for code in LANGUAGES if code != "en" and code not in without.split()]
    rows = {code: Checkpoint(hub_id, license_, language_token(family, code)) for code in codes}
    return ModelSpec(name, family, rows, MADLAD if family == "madlad" else USUAL, size=size)


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
MINI_FOLDER = Path(str(resources.files("multiyoucook2"))) / "mini" / "model"
_MINI_LANGUAGES = ("de", "fr", "cs", "zh", "ru", "vi", "es", "ja")

MODELS: dict[str, ModelSpec] = {
    row.name: row
    for row in (
        ModelSpec(
            "mini",
            "mini",
            {code: Checkpoint("", "cc-by-4.0", f"<2{code}>") for code in _MINI_LANGUAGES},
            AS_STORED,
            MINI_FOLDER,
            "bundled",
        ),
        ModelSpec("opus-mt", "marian", _OPUS, size="0.3 GB a language"),
        _multilingual("m2m100-418M", "m2m100", "facebook/m2m100_418M", "mit", "1.9 GB", without="te"),
        _multilingual("m2m100-1.2B", "m2m100", "facebook/m2m100_1.2B", "mit", "5 GB", without="te"),
        _multilingual("small100", "small100", "alirezamsh/small100", "mit", "1.3 GB", without="te"),
        _multilingual("nllb-200-distilled-600M", "nllb", "facebook/nllb-200-distilled-600M", "cc-by-nc-4.0", "2.5 GB"),
        _multilingual("nllb-200-distilled-1.3B", "nllb", "facebook/nllb-200-distilled-1.3B", "cc-by-nc-4.0", "5.5 GB"),
        _multilingual("nllb-200-3.3B", "nllb", "facebook/nllb-200-3.3B", "cc-by-nc-4.0", "17.6 GB"),
        _multilingual("madlad400-3b-mt", "madlad", "google/madlad400-3b-mt", "apache-2.0", "11.8 GB"),
    )
}


def find_engine(name: str, lang: str) -> ModelSpec:
    """The engine of a registry name or of a local model folder, checked to serve ``lang``.

    Raises:
        ModelError: nobody knows the name, the folder holds no translation model, or the language is not served.
        RecipeError: nobody knows the language.
    """
    code = language(lang).code
    if name in MODELS:
        spec = MODELS[name]
    else:
        folder = Path(name).expanduser()
        if not folder.is_dir():
            raise ModelError(
                f"unknown engine {name!r}: neither a model of the registry nor a folder", hint=nearest(name, MODELS)
            )
        from .local import describe_folder

        spec = describe_folder(folder, code)
    if code not in spec.checkpoints:
        raise ModelError(
            f"engine {name!r} does not translate into {code!r}",
            hint=f"it serves {', '.join(spec.languages)}; all of {', '.join(engines_for(code)) or 'none'} serve {code}",
        )
    return spec


def engines_for(lang: str) -> list[str]:
    """The registry's engines that translate into a language."""
    return [name for name, spec in MODELS.items() if lang in spec.checkpoints]
