"""From a model of the hub or of this disk to a CTranslate2 folder that is checked and ready.

Converted models lie in ``cache_dir/models/<name>@<revision>-<quantization>``. A conversion is built in a temporary
folder and renamed when it is complete; a lock a model keeps two processes from converting it twice; a manifest of
hashes finds damage, which is named and mended by converting again.
"""

import json
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from ..errors import ModelError
from ..files import MANIFEST, damaged_files, folder_hash, write_manifest
from .download import download, recorded_revision, resolve_revision
from .local import DESCRIPTION, is_ctranslate2, license_of_readme, read_json
from .registry import ModelSpec
from .tokens import TOKENIZER_FILES
from .vocabulary import check_tokens

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PreparedModel:
    """A CTranslate2 folder for one language, with what the rows of its translations record."""

    name: str
    family: str
    folder: Path
    revision: str
    license: str
    token: str | None
    compute_type: str
    device: str

    @property
    def map_file(self) -> Path | None:
        """The vocabulary map that the model ships and declares to be measured (``mycook.json``), if any."""
        about = read_json(self.folder / DESCRIPTION) or {}
        path = self.folder / "vmap.txt"
        return path if about.get("vocabulary_map") and path.is_file() else None


def pick_device(device: str) -> str:
    """``auto`` -> ``cuda`` where CTranslate2 sees a GPU, else ``cpu``.

    Raises:
        ModelError: ``cuda`` is asked for and there is none, or the name is unknown.
    """
    import ctranslate2

    if device not in ("auto", "cpu", "cuda"):
        raise ModelError(f"unknown device {device!r}", hint="known: auto, cpu, cuda")
    found = ctranslate2.get_cuda_device_count() > 0
    if device == "cuda" and not found:
        raise ModelError("no CUDA device is visible", hint="use --device cpu, or see mycook doctor")
    return "cuda" if found and device != "cpu" else "cpu"


def pick_compute_type(spec: ModelSpec, device: str) -> str:
    """The first compute type of the registry row that the device supports."""
    import ctranslate2

    supported = ctranslate2.get_supported_compute_types(device) | {"default"}
    for name in spec.compute_types[device]:
        if name in supported:
            return name
    raise ModelError(
        f"{spec.name} runs as {' or '.join(spec.compute_types[device])}, which this {device} does not support",
        hint="use --device cpu or another engine",
    )


def model_revision(spec: ModelSpec, lang: str, *, cache_dir: Path, offline: bool) -> str:
    """The commit of a hub model, or the content hash of a folder. Loads no model."""
    if spec.folder is None:
        return resolve_revision(spec.checkpoints[lang], cache_dir, offline=offline)
    if not is_ctranslate2(spec.folder) and not (spec.folder / "config.json").is_file():
        raise ModelError(f"the model {spec.name} is missing from {spec.folder}", hint="install the package again")
    return folder_hash(spec.folder)


def prepare(spec: ModelSpec, lang: str, *, device: str, cache_dir: Path, offline: bool) -> PreparedModel:
    """The model of a language, downloaded, converted and checked as far as that is needed.

    Raises:
        ModelError: it cannot be converted, is damaged, or lacks a token that the language needs.
        FetchError: it has to be downloaded and cannot be.
    """
    checkpoint = spec.checkpoints[lang]
    device = pick_device(device)
    compute_type = pick_compute_type(spec, device)
    revision = model_revision(spec, lang, cache_dir=cache_dir, offline=offline)
    if spec.folder is not None and is_ctranslate2(spec.folder):
        folder = spec.folder
        _check_own_folder(folder)
    else:
        label = spec.folder.resolve().name if spec.folder else checkpoint.hub_id.replace("/", "--")
        folder = cache_dir / "models" / f"{label}@{revision[:16]}-{compute_type}"
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not _usable(folder):
                source = spec.folder or download(checkpoint, revision, cache_dir, offline=offline)
                _convert(source, folder, spec, revision, compute_type, checkpoint.license)
    check_tokens(folder, spec.name, spec.family, checkpoint.token)
    license_ = str((read_json(folder / DESCRIPTION) or {}).get("license") or checkpoint.license).lower()
    return PreparedModel(spec.name, spec.family, folder, revision, license_, checkpoint.token, compute_type, device)


def known_revision(spec: ModelSpec, lang: str, cache_dir: Path) -> str | None:
    """The revision as far as it is known without asking anybody; ``None`` before the first download."""
    return None if spec.folder else recorded_revision(spec.checkpoints[lang], cache_dir)


def _check_own_folder(folder: Path) -> None:
    """A folder that is used as it is can be checked only where it brings a manifest, and is never rewritten."""
    if (folder / MANIFEST).is_file() and (damage := damaged_files(folder)):
        raise ModelError(f"the model in {folder} is damaged: {damage[0]}", hint="install, copy or convert it again")


def _usable(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    damage = damaged_files(folder)
    if damage:
        log.warning("the converted model %s is damaged: %s; converting it again", folder, "; ".join(damage))
        shutil.rmtree(folder)
    return not damage


def _convert(source: Path, folder: Path, spec: ModelSpec, revision: str, quantization: str, license_: str) -> None:
    for left_over in folder.parent.glob(f".{folder.name}-*"):  # of a process that was killed: the lock is ours
        shutil.rmtree(left_over, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        log.info("converting %s to %s (once)", source.name if spec.folder else spec.name, quantization)
        built = work / "model"
        _run_converter(source, built, spec, quantization)
        for name in TOKENIZER_FILES:
            if (source / name).is_file():
                shutil.copyfile(source / name, built / name)
        about: dict[str, Any] = dict(read_json(source / DESCRIPTION) or {})
        about |= {
            "family": spec.family,
            "license": license_of_readme(source) or license_,
            "revision": revision,
            "quantization": quantization,
            "max_positions": _positions(source),
        }
        (built / DESCRIPTION).write_text(json.dumps(about, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        write_manifest(built)
        os.replace(built, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _positions(source: Path) -> int | None:
    value = (read_json(source / "config.json") or {}).get("max_position_embeddings")
    return int(value) if value else None


def _run_converter(source: Path, target: Path, spec: ModelSpec, quantization: str) -> None:
    from ctranslate2.converters import TransformersConverter

    class Converter(TransformersConverter):  # type: ignore[misc]
        """Loads the tokenizer of the family that the registry names, with all of its tokens."""

        def load_tokenizer(self, tokenizer_class: Any, model_name_or_path: str, **kwargs: Any) -> Any:
            import transformers

            # SMaLL-100's own class lives on the hub as code to run; its vocabulary is M2M-100's
            own = {"m2m100": "M2M100Tokenizer", "small100": "M2M100Tokenizer", "marian": "MarianTokenizer"}
            found = getattr(transformers, own[spec.family]) if spec.family in own else tokenizer_class
            tokenizer = super().load_tokenizer(found, model_name_or_path, **kwargs)
            languages = getattr(tokenizer, "lang_token_to_id", None)
            if languages:  # transformers 5 leaves M2M-100's language tokens out of the vocabulary that it lists
                complete = tokenizer.get_vocab() | languages
                tokenizer.get_vocab = lambda: complete
            return tokenizer

    with _quiet_transformers():
        try:
            Converter(str(source), low_cpu_mem_usage=True).convert(str(target), quantization=quantization)
        except Exception as error:  # transformers, safetensors, torch and disk errors have no common base
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ModelError(
                f"{source} cannot be converted: {reason}",
                hint="is the model complete (remove the folder to download it again), and is there room on the disk?",
            ) from error


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Conversion without transformers' progress bars, and without advice that does not concern this use."""
    from transformers.utils import logging as transformers_logging

    level, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        try:
            yield
        finally:
            transformers_logging.set_verbosity(level)
            if bars:
                transformers_logging.enable_progress_bar()
