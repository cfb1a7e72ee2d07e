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
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from filelock import FileLock

from ..errors import ModelError
from ..files import MANIFEST, damaged_files, write_manifest
from .download import download
from .family import FAMILIES, ModelSpec, PreparedModel
from .folder import DESCRIPTION, is_ctranslate2, license_of_readme, read_json
from .hardware import Hardware, hardware
from .tokens import TOKENIZER_FILES
from .transformers_converter import quiet_transformers

log = logging.getLogger(__name__)


def pick_compute_type(spec: ModelSpec, found: Hardware) -> str:
    """The first compute type of the registry row that the device supports."""
    wished = spec.compute_types[found.device]
    for name in wished:
        if name in found.compute_types:
            return name
    raise ModelError(
        f"{spec.name} runs as {' or '.join(wished)}, which this {found.device} does not support",
        hint="use --device cpu or another engine",
    )


def prepare(
    spec: ModelSpec,
    lang: str,
    *,
    source_lang: str,
    revision: str,
    device: str | Hardware,
    cache_dir: Path,
    offline: bool,
) -> PreparedModel:
    """The model of a language, downloaded, converted and checked as far as that is needed.

    ``device`` is a device of this machine, or what was settled for all workers, which this machine need not have.

    Raises:
        ModelError: it cannot be converted, is damaged, or lacks a token that the language needs.
        FetchError: it has to be downloaded and cannot be.
    """
    checkpoint, family = spec.checkpoints[lang], FAMILIES.find(spec.family)
    found = device if isinstance(device, Hardware) else hardware(device)
    compute_type = pick_compute_type(spec, found)
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
                if is_ctranslate2(source):
                    folder = source
                else:
                    _convert(source, folder, spec, revision, compute_type, checkpoint.license)
    source_token = family.source_token(source_lang)
    family.check(folder, spec.name, source_token, checkpoint.token)
    license_ = str((read_json(folder / DESCRIPTION) or {}).get("license") or checkpoint.license).lower()
    return PreparedModel(
        name=spec.name,
        family=spec.family,
        folder=folder,
        lang=lang,
        source_lang=source_lang,
        revision=revision,
        license=license_,
        token=checkpoint.token,
        source_token=source_token,
        compute_type=compute_type,
        device=found.device,
        cache_dir=cache_dir,
    )


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
    family = FAMILIES.find(spec.family)
    for alternatives in family.needs:
        if not any((source / name).is_file() for name in alternatives):
            raise ModelError(
                f"{source} lacks {' or '.join(alternatives)}, which a {spec.family} model needs",
                hint="copy the tokenizer's files beside the model, or download it whole",
            )
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        log.info("converting %s to %s (once)", source.name if spec.folder else spec.name, quantization)
        built = work / "model"
        _run_converter(source, built, spec, quantization)
        for name in TOKENIZER_FILES:
            if (source / name).is_file():
                shutil.copyfile(source / name, built / name)
        own = read_json(source / DESCRIPTION) or {}
        about: dict[str, Any] = family.describe(source) | own  # which corrects what the other files say
        about |= {
            "family": spec.family,
            "license": own.get("license") or license_of_readme(source) or license_,
            "revision": revision,
            "quantization": quantization,
        }
        (built / DESCRIPTION).write_text(json.dumps(about, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        write_manifest(built)
        os.replace(built, folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _run_converter(source: Path, target: Path, spec: ModelSpec, quantization: str) -> None:
    with quiet_transformers():
        try:
            FAMILIES.find(spec.family).converter(source).convert(str(target), quantization=quantization)
        except Exception as error:  # transformers, safetensors, torch and disk errors have no common base
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            hint = "is the model complete (remove the folder to download it again), and is there room on the disk?"
            if isinstance(error, UnpicklingError):
                reason = "its weights are a pickle that holds more than tensors, which is never run"
                hint = "use a model with safetensors weights"
            raise ModelError(f"{source} cannot be converted: {reason}", hint=hint) from error
