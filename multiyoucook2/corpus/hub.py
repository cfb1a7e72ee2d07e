"""Push a published folder to the Hugging Face Hub, as one commit."""

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ..errors import LINE_CHARACTERS, DatasetError, FetchError, shown
from ..files import MANIFEST, FileRow, damaged_files, entries, json_bytes, read_manifest
from .dataset import FOLDER_KIND, dataset_about
from .hub_diff import CARD_FILE, difference

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")
WAITS_S = (0.5, 1.0, 2.0, 4.0)  # before the Hub is asked again
_AGAIN = {412, 429, 500, 502, 503, 504}
FOLDER_NAME = "PATH"  # how a card's example calls a folder that may lie anywhere
_OURS = re.compile(r"[A-Za-z-]+/[a-z_]+\.parquet")


def push(
    folder: Path,
    repo: str,
    *,
    private: bool = False,
    create_pr: bool = False,
    anyway: bool = False,
    against: Sequence[str] = (),
) -> dict[str, object]:
    """Make the data set repository hold exactly ``folder``, in one commit (or one pull request).

    Only the card's example differs: there it loads the repository. The folder is checked against its manifest first.
    The repository is made if there is none. Parquet files of an earlier push, ``CONFIG/SPLIT.parquet``, that the folder
    no longer has are deleted in the same commit. A Hub that is busy, fails or drops the connection is asked again; a
    commit that came in between is never overwritten unseen: what is there is looked at again. The endpoint and the
    token are ``huggingface_hub``'s (``HF_ENDPOINT``, ``hf auth login``).

    Args:
        private: the repository has to be private; it is made so where there is none.
        anyway: push although the data set's own report, or ``against``, speaks against it.
        against: what else does, a reason a line.

    Returns:
        ``repo``, ``url`` (of the commit or the pull request), ``files``, ``deleted`` and ``content_hash``.

    Raises:
        DatasetError: the folder holds no data set of ours, or one that is damaged, has files that are not ours or fails
            its report; the name is not ``USER/NAME``; or the repository is public and was to be private.
        FetchError: the Hub refuses or does not answer.
    """
    about = dataset_about(folder)
    files = _ours(folder, repo)
    failing = [*against, *about.failing]
    if failing and not anyway:
        raise DatasetError(
            f"{folder} is not pushed: {'; '.join(failing[:3])}",
            hint="mend that (mycook review, or another engine) and build again, or push it all the same with --anyway",
        )
    from huggingface_hub import CommitInfo, CommitOperationAdd, CommitOperationDelete

    api = _api()
    with _in_words(repo):
        patiently(lambda: api.create_repo(repo, repo_type="dataset", private=private or None, exist_ok=True))
        stale: list[str] = []

        def commit() -> CommitInfo:
            there = _there(api, repo, private=private)
            stale[:] = _stale(there.files, files)
            operations: list[CommitOperationAdd | CommitOperationDelete] = [
                *(CommitOperationAdd(name, content) for name, content in files.items()),
                *(CommitOperationDelete(name) for name in stale),
            ]
            return api.create_commit(
                repo, operations, repo_type="dataset", create_pr=create_pr, parent_commit=there.commit,
                commit_message=f"{about.name} {about.content_hash[:12]}",
            )  # fmt: skip

        done = patiently(commit)
    return {
        "repo": repo,
        "url": shown(done.pr_url or done.commit_url, LINE_CHARACTERS),
        "files": len(files),
        "deleted": stale,
        "content_hash": about.content_hash,
    }


def preview(folder: Path, repo: str, *, private: bool = False, against: Sequence[str] = ()) -> dict[str, object]:
    """What :func:`push` would change, without changing anything.

    Returns:
        The fields of ``hub_diff.Difference``, ``content_hash``, ``private`` (whether the repository is, or would be
        made so) and ``failing``: why the data set would be refused.

    Raises:
        DatasetError, FetchError: as :func:`push`, but for a failing report.
    """
    from huggingface_hub.errors import RepositoryNotFoundError

    about, files, api = dataset_about(folder), _ours(folder, repo), _api()
    with _in_words(repo):
        try:
            there = patiently(lambda: _there(api, repo, private=private))
        except RepositoryNotFoundError:
            there = _There({}, None, private)
        files_there = there.files if there.commit else None
        found = difference(api, repo, files, files_there, _stale(there.files, files))
    more = {"private": there.private, "content_hash": about.content_hash, "failing": [*against, *about.failing]}
    return found.as_json() | more


def patiently(ask: Callable[[], T]) -> T:
    """Ask the Hub, and again where it is busy (429), fails (5xx), was changed meanwhile (412) or drops the connection.

    ``Retry-After`` is kept to where it is no longer than a minute.
    """
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.errors import HTTPError as ClientError  # type: ignore[attr-defined]  # of its HTTP client

    for wait_s in WAITS_S:
        try:
            return ask()
        except HfHubHTTPError as error:
            if error.response.status_code not in _AGAIN:
                raise
            asked_for = error.response.headers.get("Retry-After", "")
            wait_s = float(asked_for) if asked_for.isdigit() and int(asked_for) <= 60 else wait_s
        except (ClientError, ConnectionError) as error:
            if type(error).__name__ == "ConnectError":  # nobody is there: waiting does not help
                raise
        time.sleep(wait_s)
    return ask()


def _api() -> "HfApi":
    from huggingface_hub import HfApi

    return HfApi(library_name="multiyoucook2")


def _ours(folder: Path, repo: str) -> dict[str, bytes | Path]:
    names = sound_files(folder)
    changed = _card_for(folder, repo)
    return {name: changed.get(name, folder / name) for name in names}


class _There(NamedTuple):
    """A repository: the hash of each file by its name, its commit, and whether only its owner sees it.

    No commit: it is still to be made.
    """

    files: dict[str, str]
    commit: str | None
    private: bool


def _there(api: "HfApi", repo: str, *, private: bool) -> _There:
    """What is in a repository.

    Raises:
        DatasetError: it is public, and has to be ``private``: the Hub makes only a new one so.
    """
    from huggingface_hub.hf_api import RepoFile

    about = api.repo_info(repo, repo_type="dataset")
    if private and not about.private:
        raise DatasetError(
            f"{repo} is there already, and public", hint="make it private in its settings, or leave --private out"
        )
    rows = api.list_repo_tree(repo, recursive=True, repo_type="dataset", revision=about.sha)
    files = {row.path: row.lfs.sha256 if row.lfs else row.blob_id for row in rows if isinstance(row, RepoFile)}
    return _There(files, about.sha, bool(about.private))


def _stale(there: Mapping[str, str], files: Mapping[str, bytes | Path]) -> list[str]:
    return [name for name in there if _OURS.fullmatch(name) and name not in files]


@contextmanager
def _in_words(repo: str) -> Iterator[None]:
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalTokenNotFoundError
    from huggingface_hub.errors import HTTPError as ClientError  # type: ignore[attr-defined]  # of its HTTP client

    try:
        yield
    except HFValidationError as error:
        raise DatasetError(f"{repo!r} is no repository name: {error}", hint="give --repo USER/NAME") from None
    except HfHubHTTPError as error:
        busy = error.response.status_code in _AGAIN
        hint = "push again later" if busy else "log in with `hf auth login`, or set HF_TOKEN"
        raise FetchError(f"the Hub refused: {_line(error)}", hint=hint) from None
    except LocalTokenNotFoundError as error:
        hint = "log in with `hf auth login`, or set HF_TOKEN"
        raise FetchError(f"the Hub refused: {_line(error)}", hint=hint) from None
    except (ClientError, ConnectionError) as error:
        raise FetchError(f"the Hub does not answer: {_line(error)}", hint="check the network, and push again") from None


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
