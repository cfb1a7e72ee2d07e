"""Push a published folder to the Hugging Face Hub, as one commit."""

from pathlib import Path
from typing import Any

from ..errors import DatasetError, FetchError
from .dataset import dataset_about


def push(folder: Path, repo: str, *, private: bool = False, create_pr: bool = False) -> dict[str, Any]:
    """Make the data set repository hold exactly ``folder``, in one commit (or one pull request).

    The repository is made if there is none. Parquet files of an earlier push that the folder no longer has are deleted
    in the same commit. The endpoint and the token are ``huggingface_hub``'s (``HF_ENDPOINT``, ``hf auth login``).

    Returns:
        ``repo``, ``url`` (of the commit or the pull request), ``files``, ``deleted`` and ``content_hash``.

    Raises:
        DatasetError: the folder holds no data set of ours, or the name is not ``USER/NAME``.
        FetchError: the Hub refuses or does not answer.
    """
    about = dataset_about(folder)
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalTokenNotFoundError
    from huggingface_hub.errors import HTTPError as ClientError  # type: ignore[attr-defined]  # of its HTTP client

    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix() for path in files}
    adds = [CommitOperationAdd(path.relative_to(folder).as_posix(), path) for path in files]
    api = HfApi(library_name="multiyoucook2")
    try:
        api.create_repo(repo, repo_type="dataset", private=private or None, exist_ok=True)
        there = api.list_repo_files(repo, repo_type="dataset")
        stale = [name for name in there if name.endswith(".parquet") and name not in names]
        commit = api.create_commit(
            repo,
            [*adds, *(CommitOperationDelete(name) for name in stale)],
            repo_type="dataset",
            commit_message=f"{about['name']} {about['content_hash'][:12]}",
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
        "url": commit.pr_url or commit.commit_url,
        "files": len(files),
        "deleted": stale,
        "content_hash": about["content_hash"],
    }


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
