"""Turn a checkpoint into the bundled model: ``python -m pipelines.mini_nmt.convert --data build/mini_nmt``.

Writes int8 CTranslate2 files from the averaged weights, the SentencePiece model, and ``mycook.json``, which tells
``multiyoucook2.translation`` how the model is fed.
"""

import argparse
import json
import shutil
from pathlib import Path

import ctranslate2
import numpy as np
import sentencepiece
import torch
from ctranslate2.specs import attention_spec, common_spec, transformer_spec
from torch import Tensor

from multiyoucook2.files import write_manifest

from .grammar import MODULES
from .model import Shape, Weights, sinusoids

LICENSE = "CC-BY-4.0"


def array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy()


def set_norm(spec: common_spec.LayerNormSpec, weights: Weights, name: str) -> None:
    spec.gamma, spec.beta = array(weights[f"{name}.weight"]), array(weights[f"{name}.bias"])


def set_linear(spec: common_spec.LinearSpec, weights: Weights, name: str) -> None:
    spec.weight, spec.bias = array(weights[f"{name}.weight"]), array(weights[f"{name}.bias"])  # type: ignore[assignment]


def set_attention(spec: attention_spec.MultiHeadAttentionSpec, weights: Weights, name: str, *, cross: bool) -> None:
    set_norm(spec.layer_norm, weights, f"{name}.norm")
    for linear, part in zip(
        spec.linear, ("query", "key_value", "out") if cross else ("query_key_value", "out"), strict=True
    ):
        set_linear(linear, weights, f"{name}.{part}")


def set_feed_forward(spec: transformer_spec.FeedForwardSpec, weights: Weights, name: str) -> None:
    set_norm(spec.layer_norm, weights, f"{name}.norm")
    set_linear(spec.linear_0, weights, f"{name}.linear_in")
    set_linear(spec.linear_1, weights, f"{name}.linear_out")


def make_spec(weights: Weights, shape: Shape) -> transformer_spec.TransformerSpec:
    """The CTranslate2 description of ``model.TranslationModel``, weights filled in."""
    spec: transformer_spec.TransformerSpec = transformer_spec.TransformerSpec.from_config(
        (shape.encoder_layers, shape.decoder_layers),
        shape.heads,
        pre_norm=True,
        activation=common_spec.Activation.RELU,
    )
    embedding, positions = array(weights["embedding.weight"]), sinusoids(256, shape.width).numpy()
    for side in (spec.encoder, spec.decoder):
        side.scale_embeddings = True
        side.position_encodings.encodings = positions  # type: ignore[assignment]  # a word until it is set
    spec.encoder.embeddings[0].weight = embedding
    spec.decoder.embeddings.weight = embedding
    spec.decoder.projection.weight = embedding
    set_norm(spec.encoder.layer_norm, weights, "encoder_norm")
    set_norm(spec.decoder.layer_norm, weights, "decoder_norm")
    for index, layer in enumerate(spec.encoder.layer):
        set_attention(layer.self_attention, weights, f"encoder.{index}.attention", cross=False)
        set_feed_forward(layer.ffn, weights, f"encoder.{index}.feed_forward")
    for index, above in enumerate(spec.decoder.layer):
        set_attention(above.self_attention, weights, f"decoder.{index}.attention", cross=False)
        set_attention(above.attention, weights, f"decoder.{index}.cross", cross=True)
        set_feed_forward(above.ffn, weights, f"decoder.{index}.feed_forward")
    return spec


def convert(data: Path, out: Path, quantization: str = "int8") -> None:
    """Checkpoint and SentencePiece model of ``data`` -> a loadable model folder ``out`` (replaced file by file)."""
    state = torch.load(data / "checkpoint.pt", weights_only=True, map_location="cpu")
    processor = sentencepiece.SentencePieceProcessor(model_file=str(data / "sentencepiece.model"))
    pieces = [processor.id_to_piece(index) for index in range(processor.get_piece_size())]
    spec = make_spec(state["average"], Shape(vocabulary=len(pieces)))
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.validate()
    spec.optimize(quantization=quantization)
    out.mkdir(parents=True, exist_ok=True)
    spec.save(str(out))
    shutil.copyfile(data / "sentencepiece.model", out / "sentencepiece.model")
    description = {
        "family": "mini",
        "languages": sorted(MODULES),
        "source_prefix": "<2{lang}>",
        "lowercase": True,
        "license": LICENSE,
        "vocabulary_map": False,
        "steps": state["step"],
    }
    (out / "mycook.json").write_text(json.dumps(description, indent=1) + "\n")
    ctranslate2.Translator(str(out))  # it must load
    write_manifest(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("build/mini_nmt"))
    parser.add_argument("--out", type=Path, default=Path("multiyoucook2/mini/model"))
    parser.add_argument("--quantization", default="int8", choices=("int8", "float32"))
    args = parser.parse_args()
    convert(args.data, args.out, args.quantization)
    print(", ".join(f"{path.name} {path.stat().st_size / 1e6:.1f} MB" for path in sorted(args.out.iterdir())))


if __name__ == "__main__":
    main()
