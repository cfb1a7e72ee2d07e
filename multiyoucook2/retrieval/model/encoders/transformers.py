"""Pretrained encoders of the transformers library, by registry name, hub id or folder. No code of theirs ever runs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ....errors import ModelError, nearest
from ...data.tokens import Tokens
from ..pooling import Pooling
from .base import KINDS, TOKENIZER_FOLDER, EncoderKind, EncoderSpec, TextEncoder, Wanted, first_line

SHAPE_FOLDER = "encoder"  # config.json of a transformers model
_SAMPLE, _KNOWN = 256, 0.05  # texts that are tried, and the share of their words that a tokenizer must know
_SAFE = {"trust_remote_code": False}

ENCODERS: dict[str, EncoderSpec] = {
    row.name: row
    for row in (
        EncoderSpec("labse", "sentence-transformers/LaBSE", license="apache-2.0"),
        EncoderSpec("xlm-r", "FacebookAI/xlm-roberta-base", license="mit"),
        EncoderSpec("mbert", "google-bert/bert-base-multilingual-uncased", license="apache-2.0"),
        EncoderSpec("distiluse", "sentence-transformers/distiluse-base-multilingual-cased-v2", license="apache-2.0"),
        EncoderSpec("infoxlm", "microsoft/infoxlm-base"),
        EncoderSpec("xlm-align", "microsoft/xlm-align-base"),
        EncoderSpec("simcse", "princeton-nlp/sup-simcse-roberta-base"),
    )
}
_OLD_IDS = {"xlm-roberta-base": "xlm-r", "bert-base-multilingual-uncased": "mbert"}


class TransformersEncoder(TextEncoder):
    """A transformers model without its pooler, and its own tokenizer."""

    network: nn.Module

    @property
    def pad_id(self) -> int:
        return int(self.tokenizer.pad_token_id)

    def tokenize(self, texts: Sequence[str], *, max_length: int | None = None) -> list[list[int]]:
        if not texts:
            return []
        longest = max_length or self.spec.max_length
        room = _positions(self.network)
        if room is not None and longest > room:
            raise ModelError(
                f"the text encoder {self.spec.name!r} has positions for {room} tokens, not {longest}",
                hint=f"--set max_tokens={room} --set max_tokens_eval={room}",
            )
        ids: list[list[int]] = self.tokenizer(list(texts), truncation=True, max_length=longest)["input_ids"]
        return ids

    def hidden(self, tokens: Tokens) -> Tensor:
        found = self.network(input_ids=tokens.ids_NL, attention_mask=tokens.mask_NL)
        hidden_NLD: Tensor = found.last_hidden_state
        return hidden_NLD

    def save_parts(self, folder: Path) -> dict[str, object]:
        config: Any = self.network.config
        config.save_pretrained(folder / SHAPE_FOLDER)
        self.tokenizer.save_pretrained(folder / TOKENIZER_FOLDER)
        return {}


def find_encoder(name: str) -> EncoderSpec:
    """The row of a registry name, of any hub id (``owner/name``), or of a local folder of a transformers model.

    Raises:
        ModelError: neither of them; the message names the nearest known names.
    """
    name = _OLD_IDS.get(name, name)
    if name in ENCODERS:
        return ENCODERS[name]
    for row in ENCODERS.values():
        if row.hub_id == name:
            return row
    if Path(name).is_dir():
        return EncoderSpec(Path(name).resolve().name, name)
    if name.count("/") == 1 and all(name.split("/")):
        return EncoderSpec(name.split("/")[1], name)
    raise ModelError(f"unknown text encoder {name!r}", hint=nearest(name, [*ENCODERS, *(kind.name for kind in KINDS)]))


def load_encoder(
    name: str, *, trainable: bool = True, pooling: Pooling | None = None, offline: bool = False
) -> TransformersEncoder:
    """A pretrained encoder with its weights, by registry name, hub id or local folder.

    Raises:
        ModelError: unknown, not downloadable (or ``offline`` and not in the cache), not a text encoder, or one that
            brings code of its own.
    """
    from transformers import AutoModel, AutoTokenizer

    spec, config, options = _described(name, offline)
    with _transformers_errors(name, offline=offline):
        tokenizer = AutoTokenizer.from_pretrained(spec.hub_id, **options, **_SAFE)
        network, info = AutoModel.from_pretrained(
            spec.hub_id, config=config, output_loading_info=True, **options, **_SAFE
        )
    missing = [key for key in info["missing_keys"] if "pooler" not in key]
    if missing:
        raise ModelError(
            f"the text encoder {name!r} lacks {len(missing)} of its weights, such as {sorted(missing)[0]}",
            hint="is it a text encoder, and complete? They would start at random",
        )
    if tokenizer.pad_token_id is None:
        raise ModelError(f"the tokenizer of {name!r} has no padding token, so its texts cannot be batched")
    rows = network.get_input_embeddings().num_embeddings
    if len(tokenizer) > rows:
        raise ModelError(f"the tokenizer of {name!r} has {len(tokenizer)} tokens, the model {rows}: they do not fit")
    commit = getattr(config, "_commit_hash", None) or spec.revision
    values = asdict(spec) | {"revision": commit, "pooling": pooling or spec.pooling}
    _drop_pooler(network)
    return TransformersEncoder(EncoderSpec(**values), network, tokenizer, config.hidden_size, trainable=trainable)


def _described(name: str, offline: bool) -> tuple[EncoderSpec, Any, dict[str, Any]]:
    """Row, config and download options of a text encoder, of which the config alone is read.

    Raises:
        ModelError: see :func:`load_encoder`.
    """
    from transformers import AutoConfig, PretrainedConfig

    spec = find_encoder(name)
    options: dict[str, Any] = {
        "revision": spec.revision or "main",
        "local_files_only": offline or Path(spec.hub_id).is_dir(),
    }
    with _transformers_errors(name, offline=offline):
        shape = PretrainedConfig.get_config_dict(spec.hub_id, **options)[0]
    _refuse_code(name, shape)
    with _transformers_errors(name, offline=offline):
        config = AutoConfig.from_pretrained(spec.hub_id, **options, **_SAFE)
    _refuse_size(config)
    dim = getattr(config, "hidden_size", None)
    with_decoder = getattr(config, "is_encoder_decoder", False)
    if with_decoder or not isinstance(dim, int):
        what = "an encoder with a decoder" if with_decoder else "a model without one hidden_size"
        raise ModelError(
            f"{name!r} is {what} ({config.model_type}), not a text encoder",
            hint=f"choose one such as {', '.join(ENCODERS)}",
        )
    return spec, config, options


@contextmanager
def _transformers_errors(name: str, *, offline: bool) -> Iterator[None]:
    """What transformers raises of a model that it cannot fetch or read, as one line. Nothing of ours may stand within:
    the errors of transformers, tokenizers, safetensors, torch and downloads have no common base but Exception."""
    try:
        yield
    except Exception as error:
        hint = "run once without --offline, or give a local folder" if offline else "check the id and the network"
        raise ModelError(f"cannot load the text encoder {name!r}: {first_line(error)}", hint=hint) from error


def _refuse_code(name: str, config: Mapping[str, object]) -> None:
    if "auto_map" in config:
        raise ModelError(
            f"the text encoder {name!r} brings code of its own (auto_map in config.json), which is never run",
            hint="choose a model that transformers itself can load, or compute sentence vectors: vectors:FOLDER",
        )


def _refuse_size(config: Any) -> None:
    """A damaged config must not ask for a model that no machine holds."""
    layers = getattr(config, "num_hidden_layers", 1)
    if not isinstance(layers, int) or not 0 < layers <= 1000:
        raise ModelError(f"no text encoder has {layers} layers", hint="its config.json is damaged")


def _new(argument: str, wanted: Wanted) -> TextEncoder:
    encoder = load_encoder(argument, trainable=wanted.trainable, offline=wanted.offline)
    sample = wanted.texts[:: max(1, len(wanted.texts) // _SAMPLE)]
    special = set(encoder.tokenizer.all_special_ids) - {encoder.tokenizer.unk_token_id}
    ids = [token for found in encoder.tokenize(sample) for token in found if token not in special]
    known = sum(token != encoder.tokenizer.unk_token_id for token in ids)
    if known < _KNOWN * len(ids):
        raise ModelError(
            f"the tokenizer of {argument!r} knows {known} of {len(ids)} words of the captions",
            hint="are its files missing? Choose an encoder of these languages",
        )
    return encoder


def _restore(folder: Path, spec: EncoderSpec, shape: Mapping[str, Any]) -> TextEncoder:
    from transformers import AutoConfig, AutoModel, AutoTokenizer, PretrainedConfig

    options: dict[str, Any] = {"local_files_only": True, **_SAFE}
    _refuse_code(spec.name, PretrainedConfig.get_config_dict(folder / SHAPE_FOLDER, local_files_only=True)[0])
    config = AutoConfig.from_pretrained(folder / SHAPE_FOLDER, **options)
    _refuse_size(config)
    network = AutoModel.from_config(config, **_SAFE)
    _drop_pooler(network)
    tokenizer = AutoTokenizer.from_pretrained(folder / TOKENIZER_FOLDER, **options)
    return TransformersEncoder(spec, network, tokenizer, shape["dim"], trainable=shape["trainable"])


def _positions(network: nn.Module) -> int | None:
    """How many tokens a text may have, where the network learned a vector for each position."""
    table = getattr(getattr(network, "embeddings", None), "position_embeddings", None)
    if not isinstance(table, nn.Embedding):
        return None
    # RoBERTa counts positions from behind its padding's
    return table.num_embeddings - (0 if table.padding_idx is None else table.padding_idx + 1)


def _drop_pooler(network: nn.Module) -> None:
    """BERT's pooler is never used here; left in, its weights would get no gradient and fail distributed training."""
    if getattr(network, "pooler", None) is not None:
        setattr(network, "pooler", None)  # noqa: B010  mypy takes modules' attributes for modules


KINDS.add(EncoderKind("transformers", _new, _restore, check=_described))
