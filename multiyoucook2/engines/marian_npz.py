"""Marian's own format, in which OPUS-MT releases its models: ``decoder.yml``, an ``.npz``, vocabularies as YAML."""

from pathlib import Path

from ..errors import ModelError

MARIAN, MARIAN_FILE = "marian-npz", "decoder.yml"  # Marian's own format, and the file that says what lies where in it


def converter(folder: Path) -> object:
    """CTranslate2's converter of OPUS-MT models.

    Raises:
        ModelError: ``decoder.yml`` names files that are not there.
    """
    from ctranslate2.converters import OpusMTConverter

    _named_files(folder)

    class Converter(OpusMTConverter):
        """As the others': the source's end is ours to add."""

        def _load(self) -> object:
            spec = super()._load()  # type: ignore[no-untyped-call]
            spec.config.add_source_eos = False
            return spec

    return Converter(str(folder))


def marian_vocabulary(folder: Path) -> list[str]:
    """The tokens of the source's vocabulary.

    Raises:
        ModelError: it is not there, or not readable.
    """
    from ctranslate2.converters.marian import load_vocab

    path = folder / _named_files(folder)["vocabs"][0]
    try:
        return [str(token) for token in load_vocab(str(path))]
    except (ValueError, OSError) as error:
        raise ModelError(f"{path} is no vocabulary of Marian: {error}", hint="download the model again") from None


def _named_files(folder: Path) -> dict[str, list[str]]:
    """The files of ``decoder.yml``, which all lie beside it: ``models`` and ``vocabs``."""
    import yaml

    path = folder / MARIAN_FILE
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        found = {key: list(said[key]) for key in ("models", "vocabs")}
        if not all(isinstance(name, str) for names in found.values() for name in names):
            raise TypeError
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, RecursionError):
        raise ModelError(f"{path} names no models and vocabs", hint="download the model again") from None
    lost = [name for names in found.values() for name in names if "/" in name or not (folder / name).is_file()]
    if lost or not all(found.values()):
        raise ModelError(f"{folder} lacks {', '.join(lost) or 'files'}, which {MARIAN_FILE} names")
    return found
