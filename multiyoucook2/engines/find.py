"""What a hub id or a folder is, before anything large is downloaded: family, languages, licence, size, or why not."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..corpus.licenses import may_train
from ..errors import ModelError
from .download import look, resolve_revision
from .family import Checkpoint, Family, ModelSpec, recognise
from .folder import ModelFiles
from .registry import MODELS
from .zipped import unzipped


@dataclass(frozen=True)
class Found:
    """What was recognised.

    ``weights``: which kind is there, or how large those of a registry's row are. ``languages``: those that its own
    files name, empty where they name none. ``known_as``: the registry's names of a hub id, and the hub ids of a name of
    the registry. ``may_train``: whether a retrieval model may be trained on its outputs, ``None`` where the licence
    does not tell. ``refused``: why it cannot be used, empty if it can.
    """

    name: str
    revision: str
    weights: str
    model_type: str
    family: str
    languages: tuple[str, ...]
    license: str
    may_train: bool | None
    megabytes: int | None
    refused: str = ""
    known_as: tuple[str, ...] = field(default=())


def find(text: str, *, cache_dir: Path, offline: bool = False) -> Found:
    """What the model of a name of the registry, a folder, or a hub id (``owner/name[@revision]``) is.

    Raises:
        ModelError: there is no such folder or repository. FetchError: the hub cannot be asked.
    """
    if text in MODELS:
        return _registered(MODELS[text])
    folder = Path(text).expanduser()
    if folder.is_dir():
        megabytes = sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) // 10**6
        return _found(ModelFiles.of(folder), "", megabytes)
    if folder.suffix.lower() == ".zip" and folder.is_file():
        unpacked = unzipped(folder, cache_dir)
        return _found(replace(ModelFiles.of(unpacked), place=str(folder)), "", folder.stat().st_size // 10**6)
    hub_id, _, revision = text.partition("@")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", hub_id):
        raise ModelError(f"{text!r} is neither a folder nor OWNER/NAME of the hub", hint=_named_alike(text))
    asked = Checkpoint(hub_id, "unknown", revision=revision or None)
    commit = resolve_revision(asked, cache_dir, offline=offline)
    files, sizes = look(asked, commit, cache_dir, offline=offline)
    return _found(files, commit, sum(sizes.values()) // 10**6)


def _registered(spec: ModelSpec) -> Found:
    """A row of the registry, which asks nobody."""
    license_ = " and ".join(spec.licenses)
    return Found(
        name=spec.name,
        revision="",
        weights=spec.size,
        model_type="",
        family=spec.family,
        languages=spec.languages,
        license=license_,
        may_train=may_train(license_),
        megabytes=None,
        known_as=tuple(dict.fromkeys(row.hub_id for row in spec.checkpoints.values() if row.hub_id)),
    )


def _found(files: ModelFiles, revision: str, megabytes: int) -> Found:
    family: Family | None = None
    refused = ""
    try:
        family = recognise(files)
    except ModelError as error:
        refused = str(error).removeprefix(f"{files.place} ")
    return Found(
        name=files.place,
        revision=revision,
        weights=files.weights,
        model_type=files.model_type,
        family=family.name if family else "",
        languages=_languages(family, files) if family else (),
        license=files.license,
        may_train=may_train(files.license),
        megabytes=megabytes,
        refused=refused,
        known_as=tuple(
            name for name, spec in MODELS.items() if any(row.hub_id == files.place for row in spec.checkpoints.values())
        ),
    )


def _languages(family: Family, files: ModelFiles) -> tuple[str, ...]:
    """The languages that the files name: in ``mycook.json``, in the tokenizer, or as tokens of the vocabulary."""
    named = tuple(files.declared_languages) or family.languages(files)
    tokens = re.compile(family.language_tokens)
    return named or tuple(sorted(token for token in files.token_set if tokens.fullmatch(token)))


def _named_alike(text: str) -> str:
    """The registry's models whose name or hub id holds a text."""
    word = text.casefold()
    alike = [
        f"{name} ({hub_id})" if hub_id else name
        for name, spec in MODELS.items()
        for hub_id in dict.fromkeys(row.hub_id for row in spec.checkpoints.values())
        if word in name.casefold() or word in hub_id.casefold()
    ]
    return f"the registry has {', '.join(alike)}" if alike else "mycook models lists the registry"
