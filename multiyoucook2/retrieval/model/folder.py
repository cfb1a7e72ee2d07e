"""A model's folder: what ``save_pretrained`` writes, ``from_pretrained`` reads strictly and ``push_to_hub`` uploads.

::

    FOLDER/
      model.safetensors   all weights
      config.json         shape of the model, and the version that wrote it
      encoder.json        the text encoder: what it is, its size; encoder/ and tokenizer/ beside it where it has them
      README.md           the model card
      manifest.json       size and hash of each of these
"""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ... import __version__
from ...errors import ModelError
from ...files import MANIFEST, damaged_files, fresh_folder, json_bytes, write_synced
from .encoders import restore_encoder

if TYPE_CHECKING:
    from ..evaluation.evaluate import Evaluation
    from ..recipe import TrainingRecipe
    from .towers import TextVideoModel

WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"
KIND = "model"
_SCORES, _IN_CARD = "## Scores", ("recall_at_1", "recall_at_5", "recall_at_10", "median_rank")


def save_model(model: "TextVideoModel", folder: Path, *, card: str | None = None) -> None:
    """Write the folder whole: made beside, then put in the place of an earlier model.

    Raises:
        WorkspaceError: the folder holds something that is no model of ours, or one that was changed.
    """
    with fresh_folder(folder, KIND) as fresh:
        _write(model, fresh, card)


def _write(model: "TextVideoModel", folder: Path, card: str | None) -> None:
    from safetensors.torch import save

    weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    write_synced(folder / WEIGHTS, save(weights, metadata={"format": "pt"}))
    model.encoder.save(folder)
    write_synced(folder / CARD, (card or model_card(model)).encode())
    write_synced(folder / CONFIG, json_bytes({"model": model.config.to_dict(), "version": __version__}))


def load_model(source: str | Path, *, revision: str | None = None, offline: bool = False) -> "TextVideoModel":
    """See :meth:`TextVideoModel.from_pretrained`."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from .towers import ModelConfig, TextVideoModel

    folder = _fetched(str(source), revision, offline)
    if (folder / MANIFEST).is_file() and (damage := damaged_files(folder, without=[CARD])):
        raise ModelError(f"the model {source} is damaged: {damage[0]}", hint="save or download the model again")
    try:
        config = ModelConfig(**json.loads((folder / CONFIG).read_text(encoding="utf-8"))["model"])
    except FileNotFoundError:
        raise ModelError(f"{source} holds no model: there is no {CONFIG}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / CONFIG} is damaged: {error}") from None
    model = TextVideoModel(config, restore_encoder(folder))
    try:
        weights = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"the weights {folder / WEIGHTS} are missing or cut off: {error}", hint="save or download the model again"
        ) from None
    try:
        model.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"the weights of {source} do not fit its config: {reason[:300]}") from None
    return model.eval()


def push_model(model: "TextVideoModel", repo_id: str, *, private: bool = False, card: str | None = None) -> str:
    """See :meth:`TextVideoModel.push_to_hub`."""
    from huggingface_hub import HfApi

    api = HfApi()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        save_model(model, folder, card=card)
        api.create_repo(repo_id, private=private, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repo_id, folder_path=folder, commit_message=f"Upload with multiyoucook2 {__version__}"
        )
    return str(commit.commit_url)


def model_card(model: "TextVideoModel") -> str:
    """A card with what the model itself knows; a training run adds its scores, see :func:`with_scores`."""
    config, spec = model.config, model.encoder.spec
    encoder = f"{spec.hub_id or spec.name}" + (f" at {spec.revision}" if spec.revision else "")
    return f"""---
library_name: multiyoucook2
pipeline_tag: feature-extraction
tags: [text-video-retrieval, multilingual]
---
# Text-video retrieval model (C2KD architecture)

- text encoder: {encoder}, {spec.pooling} pooling, at most {spec.max_length} tokens
- video features: {config.features or "not recorded"}, {config.video_dim} dimensions, at most {config.max_frames} frames
- embeddings: {config.embedding_dim} dimensions, compared by cosine

```python
from multiyoucook2.retrieval.model import TextVideoModel

model = TextVideoModel.from_pretrained("this/repository")
text_NE = model.encode_text(model.tokenize(["mix the eggs"]))
```
"""


def with_scores(card: str, recipe: "TrainingRecipe", evaluation: "Evaluation") -> str:
    """The card with how the model was trained and what it scored, in place of such a part that it has already."""
    tables = []
    for task, title in (("t2v", "Text to video"), ("v2t", "Video to text")):
        rows = [row for row in evaluation.rows if row.task == task]
        lines = [
            " | ".join(["", row.lang, *(f"{row.values[name]:.1f}" for name in _IN_CARD), ""]).strip() for row in rows
        ]
        head = f"{title}:\n\n| language | R@1 | R@5 | R@10 | median rank |\n|---|---|---|---|---|"
        tables.append("\n".join([head, *lines]))
    simulated = any("|feat:simulated" in row.signature for row in evaluation.rows)
    warning = "The features are simulated from captions: no video is behind these figures.\n\n" if simulated else ""
    signatures = "\n".join(row.signature for row in evaluation.rows if row.signature)
    return (
        f"{card.partition(_SCORES)[0].rstrip()}\n\n{_SCORES}\n\nTrained with the recipe {recipe.name} (objective "
        f"{recipe.objective}, {recipe.epochs} epochs, seed {recipe.seed}).\n\n{warning}"
        + "\n\n".join(tables)
        + f"\n\n```\n{signatures}\n```\n"
    )


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
