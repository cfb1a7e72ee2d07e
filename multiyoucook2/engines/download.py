"""Models from the Hugging Face Hub: revisions resolved once and recorded, sizes told before a large download.

``HF_ENDPOINT`` (a mirror) and ``HF_TOKEN`` are respected. Everything lies under ``cache_dir``: downloads in ``hub/``,
the commits that were resolved in ``revisions/``.
"""

import json
import logging
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from ..errors import FetchError, ModelError
from ..files import atomic_write, damaged_files, json_bytes, write_manifest
from .family import Checkpoint
from .folder import ModelFiles, read_json
from .tokens import TOKENIZER_FILES

log = logging.getLogger(__name__)
_SMALL = (
    "config.json",
    "generation_config.json",
    "vocab.json",
    "target_vocab.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "README.md",
    "mycook.json",
    "chat_template.jinja",
    *(f"{side}_vocabulary.{end}" for side in ("shared", "source", "target") for end in ("json", "txt")),
    *TOKENIZER_FILES,
)
LARGE_BYTES = 50_000_000
_SMALL_BYTES = 200_000_000  # the largest tokenizer.json has a fifth of that
_COMMIT = re.compile(r"[0-9a-f]{40}")


def recorded_revision(checkpoint: Checkpoint, cache_dir: Path) -> str | None:
    """The commit that is pinned, or was recorded at the first download."""
    if checkpoint.revision and _COMMIT.fullmatch(checkpoint.revision):
        return checkpoint.revision
    try:
        return str(json.loads(_record_file(checkpoint, cache_dir).read_text(encoding="utf-8"))["revision"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def resolve_revision(checkpoint: Checkpoint, cache_dir: Path, *, offline: bool) -> str:
    """The commit of a checkpoint: pinned, recorded, or asked of the hub once and then recorded.

    Raises:
        FetchError: it is unknown, and the hub cannot be asked.
        ModelError: the hub has no such repository.
    """
    known = recorded_revision(checkpoint, cache_dir)
    if known:
        return known
    if offline:
        raise FetchError(
            f"the model {checkpoint.hub_id} was never downloaded, and this run is offline", hint=_without_network()
        )
    revision = str(_ask_hub(checkpoint.hub_id, checkpoint.revision).sha)
    if not _COMMIT.fullmatch(revision):  # it becomes part of a path
        raise FetchError(f"the hub names no commit of {checkpoint.hub_id} but {revision!r}", hint=_without_network())
    record = {"hub_id": checkpoint.hub_id, "revision": revision}
    atomic_write(_record_file(checkpoint, cache_dir), json_bytes(record))
    return revision


def look(checkpoint: Checkpoint, revision: str, cache_dir: Path, *, offline: bool) -> tuple[ModelFiles, dict[str, int]]:
    """A repository's small files, downloaded, and the size of each file that it holds, at one commit. No weights.

    Raises:
        FetchError: offline and never looked at, or the network failed. ModelError: the hub has no such repository.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    listing = cache_dir / "hub" / f"{checkpoint.hub_id.replace('/', '--')}@{revision}.files.json"
    if not listing.is_file():
        if offline:
            raise FetchError(
                f"the model {checkpoint.hub_id} was never looked at, and this run is offline", hint=_without_network()
            )
        siblings = _ask_hub(checkpoint.hub_id, revision).siblings or []
        atomic_write(listing, json_bytes(_sizes(siblings)))
    sizes = {str(name): int(size) for name, size in (read_json(listing) or {}).items()}
    try:
        folder = snapshot_download(
            checkpoint.hub_id,
            revision=revision,
            cache_dir=cache_dir / "hub",
            allow_patterns=[name for name, size in sizes.items() if name in _SMALL and size < _SMALL_BYTES],
            endpoint=_endpoint(),
            local_files_only=offline,
        )
    except Exception as error:  # httpx, hub and disk errors have no common base
        raise _failed("looking at", checkpoint.hub_id, error) from error
    return ModelFiles(checkpoint.hub_id, Path(folder), frozenset(sizes)), sizes


def download(checkpoint: Checkpoint, revision: str, cache_dir: Path, *, offline: bool) -> Path:
    """A local snapshot of the files that a conversion reads, at exactly one commit.

    A snapshot of an earlier run is checked against the hashes that were taken when it was complete; a damaged one is
    named and downloaded again.

    Raises:
        FetchError: offline and not in the cache, no room on the disk, or the network failed.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if not sys.stderr.isatty():
        disable_progress_bars()
    hub = cache_dir / "hub"
    done = hub / f"{checkpoint.hub_id.replace('/', '--')}@{revision}.complete"
    if done.is_file() and (snapshot := hub / done.read_text(encoding="utf-8")).is_dir():
        damage = damaged_files(snapshot)
        if not damage:
            return snapshot
        log.warning("the download %s is damaged: %s", snapshot, "; ".join(damage))
        if not offline:
            done.unlink()
            shutil.rmtree(snapshot.parents[1])  # the repository's folder, with the files that the snapshot links to
    if offline:
        raise FetchError(
            f"the model {checkpoint.hub_id} is not whole in {cache_dir}, and this run is offline",
            hint=_without_network(),
        )
    files = _choose_files(_ask_hub(checkpoint.hub_id, revision).siblings or [], checkpoint.hub_id)
    _tell_size(checkpoint.hub_id, sum(files.values()), cache_dir)
    try:
        path = snapshot_download(
            checkpoint.hub_id, revision=revision, cache_dir=hub, allow_patterns=list(files), endpoint=_endpoint()
        )
    except Exception as error:  # httpx, hub and disk errors have no common base
        raise _failed("downloading", checkpoint.hub_id, error) from error
    write_manifest(Path(path))
    atomic_write(done, os.path.relpath(path, hub).encode())
    return Path(path)


_RETRY = "run the same command again: finished files are kept; HF_ENDPOINT=https://... points at a mirror"


def _failed(doing: str, hub_id: str, error: Exception) -> FetchError:
    """The error of a download, with the way out: a gated model has terms that a person has to accept."""
    from huggingface_hub.errors import GatedRepoError

    if isinstance(error, GatedRepoError):
        hint = "accept its terms on its page on the Hub, make a token there that may read it, and set HF_TOKEN"
        return FetchError(f"{hub_id} is gated: its files are for those who have accepted its terms", hint=hint)
    return FetchError(f"{doing} {hub_id} failed: {_first_line(error)}", hint=_RETRY)


def _sizes(siblings: list[Any]) -> dict[str, int]:
    """Bytes of each file of a repository, as the hub says; of what it says otherwise, nothing."""
    return {
        row.rfilename: row.size if isinstance(row.size, int) and 0 <= row.size < 2**50 else 0
        for row in siblings
        if isinstance(row.rfilename, str)
    }


def _without_network() -> str:
    return "run it once with network, or use --engine mini, or give a local model folder as --engine"


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT") or None


def _record_file(checkpoint: Checkpoint, cache_dir: Path) -> Path:
    asked = f"@{checkpoint.revision}" if checkpoint.revision else ""
    return cache_dir / "revisions" / f"{checkpoint.hub_id.replace('/', '--')}{asked}.json"


def _ask_hub(hub_id: str, revision: str | None) -> Any:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    try:
        return HfApi(endpoint=_endpoint()).model_info(hub_id, revision=revision, files_metadata=True, timeout=30)
    except RepositoryNotFoundError:
        raise ModelError(
            f"the hub has no model {hub_id}, or it needs a token", hint="set HF_TOKEN if it is gated"
        ) from None
    except RevisionNotFoundError:
        raise ModelError(f"the hub has no revision {revision} of {hub_id}", hint="its history was rewritten") from None
    except Exception as error:  # httpx and hub errors have no common base
        message = f"the hub cannot be asked for {hub_id}: {_first_line(error)}"
        raise FetchError(message, hint=_without_network()) from error


def _choose_files(siblings: list[Any], hub_id: str) -> dict[str, int]:
    """Names and bytes of what the conversion reads: small files, and one format of the weights, safetensors first."""
    sizes = _sizes(siblings)
    small = {name: size for name, size in sizes.items() if name in _SMALL}
    if "model.bin" in sizes and any(name.split(".")[0].endswith("_vocabulary") for name in small):
        return small | {"model.bin": sizes["model.bin"]}  # CTranslate2's, ready to run
    for end in (".safetensors", ".bin"):
        weights = {
            name: size
            for name, size in sizes.items()
            if "/" not in name
            and (name.startswith(("model", "pytorch_model")))
            and name.endswith((end, f"{end}.index.json"))
        }
        if any(name.endswith(end) for name in weights):
            return small | weights
    raise ModelError(f"{hub_id} has neither safetensors nor PyTorch weights", hint="choose another engine")


def _tell_size(hub_id: str, size: int, cache_dir: Path) -> None:
    if size >= LARGE_BYTES:
        log.info("downloading %s: %.1f GB to %s", hub_id, size / 1e9, cache_dir)
    cache_dir.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache_dir).free
    if free < 1.5 * size:  # the download, and its conversion to 8 or 16 bits
        raise FetchError(
            f"{hub_id} needs {1.5 * size / 1e9:.1f} GB in {cache_dir}, where {free / 1e9:.1f} GB are free",
            hint="free some space, or set MULTIYOUCOOK2_CACHE to a larger disk",
        )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
