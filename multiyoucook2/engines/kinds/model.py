"""A translation model: of the registry, in a folder, or on the Hugging Face Hub."""

import logging
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from ...errors import ModelError, nearest
from ...files import file_sha256, folder_hash
from ..convert import prepare
from ..decoding import Decoding
from ..download import look, resolve_revision
from ..family import AS_STORED, Checkpoint, ModelSpec, PreparedModel, recognise
from ..fingerprint import fingerprint
from ..folder import ModelFiles
from ..hardware import Hardware
from ..kind import KINDS, Request, ResolvedEngine
from ..maps import measured_map
from ..marian_npz import MARIAN_FILE
from ..registry import FAMILIES, MODELS, engines_for
from ..vocabulary import check_listed
from ..zipped import unzipped

log = logging.getLogger(__name__)

_HUB_ID = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w.-]+))?")


@dataclass(frozen=True)
class ResolvedModel:
    """A model for one language. ``revision`` is the commit of a hub model, or the content hash of a folder."""

    spec: ModelSpec
    lang: str
    source_lang: str
    revision: str
    cache_dir: Path
    offline: bool
    origin: str = "machine"

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def family(self) -> str:
        return self.spec.family

    @property
    def license(self) -> str:
        return self.spec.checkpoints[self.lang].license

    @property
    def token(self) -> str | None:
        return self.spec.checkpoints[self.lang].token

    def fingerprint(self, decoding: Decoding) -> str:
        """A hash of all that its translations depend on beside the texts and the device."""
        measured = measured_map(self.cache_dir, self.name, self.revision, self.lang)
        map_hash = file_sha256(measured) if measured and decoding.vocabulary_map else None
        parts = [self.name, self.family, self.source_lang, self.revision, self.token, map_hash]
        return fingerprint(parts, decoding)

    def prepare(self, device: str | Hardware = "auto") -> PreparedModel:
        """The model, downloaded, converted and checked as far as that is needed."""
        return prepare(
            self.spec,
            self.lang,
            source_lang=self.source_lang,
            revision=self.revision,
            device=device,
            cache_dir=self.cache_dir,
            offline=self.offline,
        )


class Model:
    """Models are the kind that needs no name in front."""

    name = "model"

    def resolve(self, request: Request) -> ResolvedEngine:
        """The model that a name, a folder or a hub id means, checked to serve the language.

        Raises:
            ModelError: nobody knows the name, the folder holds no translation model, or the language is not served.
        """
        spec = _find(request)
        if request.lang not in spec.checkpoints:
            few, others = len(spec.languages) <= 20, ", ".join(engines_for(request.lang))
            served = f"it serves {', '.join(spec.languages)}" if few else nearest(request.lang, spec.languages)
            raise ModelError(
                f"engine {request.engine!r} does not translate into {request.lang!r}",
                hint=f"{served}; {others or 'no engine of the registry'} does",
            )
        if request.lang == request.source_lang:
            raise ModelError(f"the texts are in {request.lang!r} already", hint="leave that language out")
        if spec.source_langs and request.source_lang not in spec.source_langs:
            raise ModelError(
                f"engine {request.engine!r} does not translate from {request.source_lang!r}",
                hint=f"it translates from {', '.join(spec.source_langs)}; m2m100, nllb and madlad models from any",
            )
        revision = _revision(spec, request)
        return ResolvedModel(spec, request.lang, request.source_lang, revision, request.cache_dir, request.offline)


def _find(request: Request) -> ModelSpec:
    if request.engine in MODELS:
        return MODELS[request.engine]
    folder = Path(request.engine).expanduser()
    if folder.is_dir():
        return spec_of(ModelFiles.of(folder), request.lang, folder.resolve().name, folder=folder)
    if folder.suffix.lower() == ".zip" and folder.is_file():
        unpacked = unzipped(folder, request.cache_dir)
        return spec_of(ModelFiles.of(unpacked), request.lang, folder.stem, folder=unpacked)
    if hub_id := _HUB_ID.fullmatch(request.engine):
        return _of_hub(hub_id["id"], hub_id["revision"], request)
    raise ModelError(
        f"unknown engine {request.engine!r}: neither a model of the registry, nor a folder, nor OWNER/NAME of the hub",
        hint=nearest(request.engine, MODELS),
    )


def _of_hub(hub_id: str, revision: str | None, request: Request) -> ModelSpec:
    """The registry's row of a hub id; what its files tell where it has none, or the row lacks the language."""
    known = _registered(hub_id, revision)
    if known and request.lang in known.checkpoints:
        _tell(f"{hub_id} is {known.name} of the registry, licence {' and '.join(known.licenses)}")
        return known
    asked = Checkpoint(hub_id, "unknown", revision=revision)
    commit = resolve_revision(asked, request.cache_dir, offline=request.offline)
    files, _ = look(asked, commit, request.cache_dir, offline=request.offline)
    spec = spec_of(files, request.lang, hub_id, hub=replace(asked, revision=commit))
    if row := spec.checkpoints.get(request.lang):
        check_listed(files, FAMILIES.find(spec.family).language_tokens, row.token)
    return replace(spec, source_langs=known.source_langs) if known else spec


def _registered(hub_id: str, revision: str | None) -> ModelSpec | None:
    """The registry's row of a hub id, with only the languages that this repository serves."""
    for spec in MODELS.values():
        rows = {lang: row for lang, row in spec.checkpoints.items() if row.hub_id.lower() == hub_id.lower()}
        if rows:
            pinned = {lang: replace(row, revision=revision or row.revision) for lang, row in rows.items()}
            return replace(spec, checkpoints=pinned)
    return None


def spec_of(
    files: ModelFiles, lang: str, name: str, *, folder: Path | None = None, hub: Checkpoint | None = None
) -> ModelSpec:
    """The row that the registry would have for a model in a folder or on the hub, for one language.

    Raises:
        ModelError: the files are of no translation model that is known here.
    """
    family = recognise(files)
    _tell(
        f"{files.place} is recognised as a model of the family {family.name} ({files.weights}), licence {files.license}"
    )
    codes = [*(files.declared_languages or family.languages(files) or [lang])]
    prefix = files.about.get("source_prefix")
    rows = {
        code: Checkpoint(
            hub.hub_id if hub else "",
            files.license,
            str(prefix).replace("{lang}", files.declared_languages.get(code, code))
            if prefix
            else family.target_token(code, files),
            hub.revision if hub else None,
        )
        for code in codes
    }
    as_stored = files.converted and folder is not None  # on the hub they are often stored in 32 bits
    return ModelSpec(name, family.name, rows, AS_STORED if as_stored else family.compute_types, folder)


@cache
def _tell(line: str) -> None:
    """Says it once a process, however many languages a model serves."""
    log.info(line)


def _revision(spec: ModelSpec, request: Request) -> str:
    if spec.folder is None:
        return resolve_revision(spec.checkpoints[request.lang], request.cache_dir, offline=request.offline)
    if not any((spec.folder / name).is_file() for name in ("config.json", MARIAN_FILE)):
        raise ModelError(f"the model {spec.name} is missing from {spec.folder}", hint="install the package again")
    return folder_hash(spec.folder)


KINDS.add(Model())
