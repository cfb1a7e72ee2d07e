"""A model's folder: what ``save_pretrained`` writes, ``from_pretrained`` reads strictly and ``push_to_hub`` uploads.

::

    FOLDER/
      model.safetensors   all weights
      config.json         shape of the model, and the version that wrote it
      encoder.json        the text encoder: what it is, its size; encoder/ and tokenizer/ beside it where it has them
      README.md           the model card
      manifest.json       size and hash of each of these
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from ...errors import ModelError
from ...files import MANIFEST, Record, damaged_files, fresh_folder, json_bytes, read_json, write_synced
from ...version import __version__
from .encoders import TextEncoder, restore_encoder

WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
KIND = "model"
_REPOSITORY = "this/repository"  # in a card, until the model is pushed


@dataclass(frozen=True)
class Saved:
    """A model in parts: what its folder holds. ``config`` is the shape of the towers as JSON."""

    config: Mapping[str, Any]
    encoder: TextEncoder
    weights: Mapping[str, Tensor]


class _Config(Record):
    model: dict[str, Any]


def write_model(model: Saved, folder: Path, *, card: str | None = None) -> None:
    """Write the folder whole: made beside, then put in the place of an earlier model.

    Raises:
        WorkspaceError: the folder holds something that is no model of ours, or one that was changed.
    """
    with fresh_folder(folder, KIND) as fresh:
        _write(model, fresh, card)


def _write(model: Saved, folder: Path, card: str | None) -> None:
    from safetensors.torch import save

    weights = {name: value.detach().cpu().contiguous() for name, value in model.weights.items()}
    write_synced(folder / WEIGHTS, save(weights, metadata={"format": "pt"}))
    model.encoder.save(folder)
    write_synced(folder / CARD, (card or model_card(model)).encode())
    write_synced(folder / CONFIG, json_bytes({"model": dict(model.config), "version": __version__}))


def read_model(source: str | Path, *, revision: str | None = None, offline: bool = False) -> Saved:
    """The parts of a saved model, from a folder or a hub id.

    Raises:
        ModelError: not found or damaged; weights that are not those that were saved.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = _fetched(str(source), revision, offline)
    again = "save or download the model again"
    if (folder / MANIFEST).is_file() and (damage := damaged_files(folder, without=[CARD])):
        raise ModelError(f"the model {source} is damaged: {damage[0]}", hint=again)
    try:
        config = read_json(folder / CONFIG, _Config, error=ModelError, hint=again).model
    except FileNotFoundError:
        raise ModelError(f"{source} holds no model: there is no {CONFIG}") from None
    encoder = restore_encoder(folder)
    try:
        weights = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"the weights {folder / WEIGHTS} are missing or cut off: {error}", hint=again) from None
    return Saved(config, encoder, weights)


def push_model(model: Saved, repo_id: str, *, private: bool = False, card: str | None = None) -> str:
    """Upload what :func:`write_model` writes, in one commit; returns the commit's URL. The card's example loads the
    model from ``repo_id``.

    Raises:
        ModelError: the repository should be ``private``, and is there already and public.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        write_model(model, folder, card=(card or model_card(model)).replace(_REPOSITORY, repo_id))
        api.create_repo(repo_id, private=private, exist_ok=True)
        if private and not api.repo_info(repo_id).private:  # which ``create_repo`` leaves as it is
            raise ModelError(
                f"{repo_id} is there already, and public", hint="make it private in its settings on the Hub"
            )
        commit = api.upload_folder(
            repo_id=repo_id, folder_path=folder, commit_message=f"Upload with multiyoucook2 {__version__}"
        )
    return str(commit.commit_url)


def model_card(model: Saved) -> str:
    """A card with what the model itself knows; a training run adds its scores."""
    config, spec = model.config, model.encoder.spec
    encoder = f"{spec.hub_id or spec.name}" + (f" at {spec.revision}" if spec.revision else "")
    features = f"{config['features'] or 'not recorded'}, {config['video_dim']} dimensions"
    return f"""---
library_name: multiyoucook2
pipeline_tag: feature-extraction
tags: [text-video-retrieval, multilingual]
---
# Text-video retrieval model (C2KD architecture)

- text encoder: {encoder}, {spec.pooling} pooling, at most {spec.max_length} tokens
- video features: {features}, at most {config["max_frames"]} frames
- embeddings: {config["embedding_dim"]} dimensions, compared by cosine

```python
from multiyoucook2.retrieval.model.towers import TextVideoModel

model = TextVideoModel.from_pretrained("{_REPOSITORY}")
text_NE = model.encode_text(model.tokenize(["mix the eggs"]))
```
"""


def _fetched(source: str, revision: str | None, offline: bool) -> Path:
    if Path(source).is_dir():
        return Path(source)
    if source.count("/") != 1 or source.startswith((".", "/")):
        raise ModelError(f"there is no model folder {source}")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(source, revision=revision, local_files_only=offline))
    except (OSError, ValueError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ModelError(f"cannot download the model {source}: {reason}", hint="check the id and the network") from None
