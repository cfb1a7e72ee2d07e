"""The way back from ``convert``: the weights of a CTranslate2 model folder, to train on from what was shipped.

``model.bin`` holds, little-endian, the names, shapes, types and bytes of all variables (version 6 of the format). An
int8 matrix comes with a scale a row, by which its values were multiplied before rounding.
"""

import re
import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from .model import Weights

VERSION = 6
TYPES: dict[int, np.dtype[Any]] = {0: np.dtype("<f4"), 1: np.dtype("i1"), 2: np.dtype("<i2"), 3: np.dtype("<i4")}
# Our names, and CTranslate2's; in a decoder layer "attention" is what the encoder's has for "self_attention".
NAMES = (
    (r"^(encoder|decoder)\.(\d+)\.", r"\1/layer_\2/"),
    (r"/attention\.", "/self_attention/"),
    (r"/cross\.", "/attention/"),
    (r"/feed_forward\.", "/ffn/"),
    (r"/norm\.", "/layer_norm/"),
    (r"^(encoder|decoder)_norm\.", r"\1/layer_norm/"),
    (r"layer_norm/weight$", "layer_norm/gamma"),
    (r"layer_norm/bias$", "layer_norm/beta"),
    (r"/(query_key_value|query|linear_in)\.", "/linear_0/"),
    (r"/self_attention/out\.", "/self_attention/linear_1/"),
    (r"/(key_value|linear_out)\.", "/linear_1/"),
    (r"/out\.", "/linear_2/"),
    (r"^embedding\.", "decoder/embeddings/"),
)


def ctranslate2_name(name: str) -> str:
    """CTranslate2's name of one of our parameters: ``encoder.0.attention.norm.bias`` is
    ``encoder/layer_0/self_attention/layer_norm/beta``.
    """
    for ours, theirs in NAMES:
        name = re.sub(ours, theirs, name)
    return name


def read_variables(path: Path) -> dict[str, np.ndarray]:
    """All variables of a ``model.bin`` as they are stored.

    Raises:
        ValueError: another version of the format, or an unknown type.
    """
    with path.open("rb") as file:
        if (version := number(file, "I")) != VERSION:
            raise ValueError(f"{path}: version {version} of the format, {VERSION} can be read")
        text(file)  # the specification's name
        number(file, "I")  # its revision
        return dict(variable(file) for _ in range(number(file, "I")))


def number(file: BinaryIO, kind: str) -> int:
    value: int = struct.unpack(f"<{kind}", file.read(struct.calcsize(kind)))[0]
    return value


def text(file: BinaryIO) -> str:
    return file.read(number(file, "H")).rstrip(b"\0").decode()


def variable(file: BinaryIO) -> tuple[str, np.ndarray]:
    name = text(file)
    shape = [number(file, "I") for _ in range(number(file, "B"))]
    kind = number(file, "B")
    content = file.read(number(file, "I"))
    if kind not in TYPES:
        raise ValueError(f"{name}: unknown type {kind}")
    return name, np.frombuffer(content, TYPES[kind]).reshape(shape)


def model_weights(folder: Path, names: list[str]) -> Weights:
    """The parameters ``names`` of ``model.TranslationModel`` from a converted model, in float32."""
    variables = read_variables(folder / "model.bin")
    weights = {}
    for name in names:
        stored = variables[ctranslate2_name(name)]
        scale = variables.get(f"{ctranslate2_name(name)}_scale")
        value = stored.astype(np.float32) if scale is None else stored.astype(np.float32) / scale[:, None]
        weights[name] = torch.from_numpy(value)
    return weights
