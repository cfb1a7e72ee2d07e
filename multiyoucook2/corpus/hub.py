"""Push a published folder to the Hugging Face Hub, as one commit."""

import hashlib
import json
import re
from pathlib import Path

from ..errors import LINE_CHARACTERS, DatasetError, FetchError, shown
from ..files import MANIFEST, FileRow, damaged_files, entries, json_bytes, read_manifest
from .dataset import FOLDER_KIND, dataset_about

CARD_FILE = "README.md"
FOLDER_NAME = "PATH"  # how a card's example calls a folder that may lie anywhere
_OURS = re.compile(r"[A-Za-z-]+/[a-z_]+\.parquet")


def push(folder: Path, repo: str, *, private: bool = False, create_pr: bool = False) -> dict[str, object]:
    """Make the data set repository hold exactly ``folder``, in one commit (or one pull request).

    Only the card's example differs: there it loads the repository. The folder is checked against its manifest first.
    The repository is made if there is none. Parquet files of an earlier push, ``CONFIG/SPLIT.parquet``, that the folder
    no longer has are deleted in the same commit. The endpoint and the token are ``huggingface_hub``'s (``HF_ENDPOINT``,
    ``hf auth login``).

    Returns:
        ``repo``, ``url`` (of the commit or the pull request), ``files``, ``deleted`` and ``content_hash``.

    Raises:
        DatasetError: the folder holds no data set of ours, or one that is damaged or has files that are not ours; or
            the name is not ``USER/NAME``.
        FetchError: the Hub refuses or does not answer.
    """
    about = dataset_about(folder)
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalTokenNotFoundError
    from huggingface_hub.errors import HTTPError as ClientError  # type: ignore[attr-defined]  # of its HTTP client

    names = sound_files(folder)
    changed = _card_for(folder, repo)
    adds = [CommitOperationAdd(name, changed.get(name, folder / name)) for name in names]
    api = HfApi(library_name="multiyoucook2")
    try:
        api.create_repo(repo, repo_type="dataset", private=private or None, exist_ok=True)
        there = api.list_repo_files(repo, repo_type="dataset")
        stale = [name for name in there if _OURS.fullmatch(name) and name not in names]
        commit = api.create_commit(
            repo,
            [*adds, *(CommitOperationDelete(name) for name in stale)],
            repo_type="dataset",
            commit_message=f"{about.name} {about.content_hash[:12]}",
            create_pr=create_pr,
        )
    except HFValidationError as error:
        raise DatasetError(f"{repo!r} is no repository name: {error}", hint="give --repo USER/NAME") from None
    except (LocalTokenNotFoundError, HfHubHTTPError) as error:
        hint = "log in with `hf auth login`, or set HF_TOKEN"
        raise FetchError(f"the Hub refused: {_line(error)}", hint=hint) from None
    except (ClientError, ConnectionError) as error:
        raise FetchError(f"the Hub does not answer: {_line(error)}", hint="check the network, and push again") from None
    return {
        "repo": repo,
        "url": shown(commit.pr_url or commit.commit_url, LINE_CHARACTERS),
        "files": len(names),
        "deleted": stale,
        "content_hash": about.content_hash,
    }


def _card_for(folder: Path, repo: str) -> dict[str, bytes]:
    """The card with an example that loads ``repo``, and a manifest that knows this card."""
    here, there = (f"load_dataset({json.dumps(name)}".encode() for name in (FOLDER_NAME, repo))
    card = (folder / CARD_FILE).read_bytes().replace(here, there)
    manifest = read_manifest(folder)
    assert manifest is not None  # the folder was checked
    row = FileRow(bytes=len(card), sha256=hashlib.sha256(card).hexdigest())
    files = manifest.model_copy(update={"files": {**manifest.files, CARD_FILE: row}})
    return {CARD_FILE: card, MANIFEST: json_bytes(files.model_dump(mode="json"))}


def sound_files(folder: Path) -> list[str]:
    """The names of a published folder's files, which are all there, as they were written, and nothing else.

    Raises:
        DatasetError: that is not so; the message names the first file.
    """
    manifest = read_manifest(folder)
    if manifest is None or manifest.kind != FOLDER_KIND:
        raise DatasetError(
            f"{folder} has no {MANIFEST} that says what belongs to it", hint="remove that folder and build it again"
        )
    damage = damaged_files(folder)
    if damage:
        raise DatasetError(
            f"{folder} is not pushed: {damage[0]}", hint="remove that file and run the build again, then push"
        )
    foreign = next((name for name in entries(folder) if name not in {MANIFEST, *manifest.files}), None)
    if foreign is not None:
        raise DatasetError(f"{folder} is not pushed: {foreign} in it is not ours", hint="move that away, then push")
    return sorted({MANIFEST, *manifest.files})


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
