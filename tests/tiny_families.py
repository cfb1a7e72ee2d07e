"""Tiny real models of every family: random weights, real tokenizers, real conversion. Built once a session."""

import json
import random
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy
import pyarrow as pa
import pytest
import sentencepiece
import torch
import transformers
import yaml

_VERBS = ("slice", "chop", "stir", "add", "heat", "fry", "mix", "pour", "bake", "serve")
_REST = ("the", "onion", "garlic", "soup", "salt", "pepper", "to", "pan", "oil", "egg", "bowl", "sauce", "over")
WORDS = (*_VERBS, *_REST, "noodles", "bread", "in", "oven", "until", "golden", "brown", "with", "rice")
SIZES = {
    "d_model": 32,
    "encoder_layers": 1,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 64,
    "init_std": 0.5,
}
LANGUAGE_TAGS = ["<2de>", "<2fr>", "<2ja>"]


def made_up_lines(count: int, seed: int = 1) -> list[str]:
    """Distinct invented instructions, from three to nine words long."""
    rng = random.Random(seed)
    lines: dict[str, None] = {}
    while len(lines) < count:
        lines[" ".join(rng.choices(WORDS, k=rng.randint(3, 9)))] = None
    return list(lines)


def captions_of(texts: list[str]) -> pa.Table:
    """A table of captions, as far as translation reads it."""
    return pa.table({"clip_id": [f"video_{row}" for row in range(len(texts))], "text": texts})


def train_pieces(prefix: Path, lines: list[str] | None = None, vocab_size: int = 90, **settings: object) -> None:
    """A SentencePiece model of the made-up lines, or of others, at ``prefix`` + ``.model``."""
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines or made_up_lines(300, seed=1)),
        model_prefix=str(prefix),
        vocab_size=vocab_size,
        hard_vocab_limit=False,
        minloglevel=2,
        **settings,
    )


def save(model: transformers.PreTrainedModel, tokenizer: object, folder: Path) -> Path:
    """Model and tokenizer as a user has them after ``save_pretrained``."""
    transformers.utils.logging.disable_progress_bar()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)  # type: ignore[attr-defined]
    return folder


def _marian_vocabulary(spm: Path, extra_tokens: tuple[str, ...] = ()) -> dict[str, int]:
    """The tokens of a ``vocab.json``: Marian's order, the padding last."""
    processor = sentencepiece.SentencePieceProcessor(model_file=str(spm))
    pieces = [processor.id_to_piece(i) for i in range(processor.get_piece_size())]
    tokens = dict.fromkeys(["</s>", "<unk>", *pieces, *extra_tokens])
    tokens.pop("<s>", None)
    return {token: number for number, token in enumerate([*tokens, "<pad>"])}


def marian_separate(folder: Path) -> Path:
    """A Marian model whose target has a vocabulary of its own, larger and in another order."""
    folder.mkdir(parents=True)
    german = [line.translate(str.maketrans("aeio", "oäuü")) for line in made_up_lines(300, seed=2)]
    train_pieces(folder / "source", vocab_size=45)
    train_pieces(folder / "target", lines=german)
    for side, name in (("source", "vocab.json"), ("target", "target_vocab.json")):
        (folder / f"{side}.model").rename(folder / f"{side}.spm")
        (folder / name).write_text(json.dumps(_marian_vocabulary(folder / f"{side}.spm")))
    sizes = [len(json.loads((folder / name).read_text())) for name in ("vocab.json", "target_vocab.json")]
    assert sizes[0] < sizes[1]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        tokenizer = transformers.MarianTokenizer(
            *(str(folder / n) for n in ("source.spm", "target.spm", "vocab.json", "target_vocab.json")),
            source_lang="en", target_lang="de", separate_vocabs=True,
        )  # fmt: skip
    config = transformers.MarianConfig(
        vocab_size=sizes[0], decoder_vocab_size=sizes[1], pad_token_id=sizes[0] - 1, eos_token_id=0,
        decoder_start_token_id=sizes[1] - 1, bos_token_id=None, forced_eos_token_id=None,
        share_encoder_decoder_embeddings=False, tie_word_embeddings=False, **SIZES,
    )  # fmt: skip
    net = transformers.MarianMTModel(config)
    net.final_logits_bias[0, -1] = -1e4  # a trained model never says its padding
    # the decoder starts from a zero embedding, which is the padding's in a model that shares its vocabularies
    net.model.decoder.embed_tokens.weight.data[-1] = 0
    return save(net, tokenizer, folder)


def marian(folder: Path, extra_tokens: tuple[str, ...] = (), *, swish: bool = False, **spm: object) -> Path:
    """A Marian model; ``extra_tokens`` are language tokens such as ``>>deu<<``; ``swish`` as OPUS-MT's."""
    folder.mkdir(parents=True)
    train_pieces(folder / "source", **spm)
    (folder / "source.model").rename(folder / "source.spm")
    shutil.copyfile(folder / "source.spm", folder / "target.spm")
    vocabulary = _marian_vocabulary(folder / "source.spm", extra_tokens)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        tokenizer = transformers.MarianTokenizer(*(str(folder / n) for n in ("source.spm", "target.spm", "vocab.json")))
    pad = vocabulary["<pad>"]
    config = transformers.MarianConfig(
        vocab_size=len(vocabulary), pad_token_id=pad, eos_token_id=0, decoder_start_token_id=pad,
        bos_token_id=None, forced_eos_token_id=None, scale_embedding=swish,
        activation_function="swish" if swish else "gelu", **SIZES,
    )  # fmt: skip
    return save(transformers.MarianMTModel(config), tokenizer, folder)


_OF_MARIAN = {  # transformers' name of a layer's part -> Marian's
    "self_attn.q_proj": "self_?q", "self_attn.k_proj": "self_?k", "self_attn.v_proj": "self_?v",
    "self_attn.out_proj": "self_?o", "self_attn_layer_norm": "self_Wo_ln_?", "encoder_attn.q_proj": "context_?q",
    "encoder_attn.k_proj": "context_?k", "encoder_attn.v_proj": "context_?v", "encoder_attn.out_proj": "context_?o",
    "encoder_attn_layer_norm": "context_Wo_ln_?", "fc1": "ffn_?1", "fc2": "ffn_?2", "final_layer_norm": "ffn_ffn_ln_?",
}  # fmt: skip


def marian_npz(folder: Path, source: Path) -> Path:
    """A Marian model of transformers in the format that OPUS-MT's zips have."""
    folder.mkdir(parents=True)
    net = transformers.MarianMTModel.from_pretrained(source)
    weights = {"Wemb": net.model.shared.weight[:-1], "decoder_ff_logit_out_b": net.final_logits_bias[:, :-1]}
    for name, value in net.state_dict().items():
        side, _, rest = name.removeprefix("model.").partition(".layers.")
        number, _, part = rest.rpartition(".")[0].partition(".")
        if part in _OF_MARIAN:
            norm, bias = part.endswith("norm"), name.endswith(".bias")
            written = _OF_MARIAN[part].replace("?", ("bias" if bias else "scale") if norm else "b" if bias else "W")
            weights[f"{side}_l{int(number) + 1}_{written}"] = value if norm or bias else value.T
    said = {
        "type": "transformer", "transformer-decoder-autoreg": "self-attention", "transformer-no-projection": False,
        "transformer-ffn-activation": "swish", "transformer-preprocess": "", "transformer-postprocess": "dan",
        "transformer-postprocess-emb": "d", "transformer-guided-alignment-layer": "last",
        "enc-depth": net.config.encoder_layers, "dec-depth": net.config.decoder_layers,
        "transformer-heads": net.config.encoder_attention_heads,
    }  # fmt: skip
    about = numpy.frombuffer(yaml.safe_dump(said).encode() + b"\0", numpy.int8)
    arrays = {name: value.detach().numpy() for name, value in weights.items()}
    numpy.savez(folder / "model1.npz", **arrays, **{"special:model.yml": about})
    tokens = list(json.loads((source / "vocab.json").read_text()))[:-1]
    (folder / "vocab.yml").write_text(
        "".join(f"{json.dumps(t, ensure_ascii=False)}: {n}\n" for n, t in enumerate(tokens))
    )
    (folder / "decoder.yml").write_text("models: [model1.npz]\nvocabs: [vocab.yml, vocab.yml]\n")
    for name in ("source.spm", "target.spm"):
        shutil.copyfile(source / name, folder / name)
    return folder


def m2m100(folder: Path) -> Path:
    """An M2M-100 model."""
    folder.mkdir(parents=True)
    train_pieces(folder / "sentencepiece.bpe")
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "sentencepiece.bpe.model"))
    pieces = [processor.id_to_piece(i) for i in range(processor.get_piece_size())]
    tokens = dict.fromkeys(["<s>", "<pad>", "</s>", "<unk>", *pieces])
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
    tokenizer = transformers.M2M100Tokenizer(
        str(folder / "vocab.json"), str(folder / "sentencepiece.bpe.model"), src_lang="en", tgt_lang="de"
    )
    config = transformers.M2M100Config(vocab_size=len(tokens) + 100 + 8, **SIZES)
    net = transformers.M2M100ForConditionalGeneration(config)
    net.model.shared.weight.data[len(tokens) + 100 :] = 0  # a trained model never says its filler rows
    return save(net, tokenizer, folder)


def small100(folder: Path) -> Path:
    """SMaLL-100: M2M-100's layout, told apart by the code file that its repository carries."""
    m2m100(folder)
    (folder / "tokenization_small100.py").write_text("# never run\n")
    return folder


def nllb(folder: Path) -> Path:
    """An NLLB-200 model, whose tokenizer transformers 5 saves as a lone ``tokenizer.json``."""
    pieces = folder.with_name(folder.name + "-pieces")
    pieces.mkdir(parents=True)
    train_pieces(pieces / "sentencepiece.bpe", model_type="bpe")
    tokenizer = transformers.NllbTokenizer.from_pretrained(
        pieces, src_lang="eng_Latn", extra_special_tokens=["eng_Latn", "deu_Latn", "fra_Latn", "zho_Hans"]
    )
    config = transformers.M2M100Config(vocab_size=len(tokenizer), **SIZES)
    return save(transformers.M2M100ForConditionalGeneration(config), tokenizer, folder)


def mbart(folder: Path) -> Path:
    """An mBART-50 model."""
    pieces = folder.with_name(folder.name + "-pieces")
    pieces.mkdir(parents=True)
    train_pieces(pieces / "sentencepiece.bpe", model_type="bpe")
    tokenizer = transformers.MBart50Tokenizer.from_pretrained(pieces, src_lang="en_XX", tgt_lang="de_DE")
    config = transformers.MBartConfig(
        vocab_size=len(tokenizer), normalize_before=True, normalize_embedding=True, scale_embedding=True,
        tokenizer_class="MBart50Tokenizer", decoder_start_token_id=2, forced_eos_token_id=None, **SIZES,
    )  # fmt: skip
    return save(transformers.MBartForConditionalGeneration(config), tokenizer, folder)


def madlad(folder: Path) -> Path:
    """A T5-shaped model with MADLAD-400's language tags; the SentencePiece file lies beside, as on the hub."""
    folder.mkdir(parents=True)
    train_pieces(folder / "spiece", pad_id=0, eos_id=1, unk_id=2, bos_id=-1, user_defined_symbols=LANGUAGE_TAGS)
    tokenizer = transformers.T5Tokenizer.from_pretrained(folder, extra_ids=0)
    config = transformers.T5Config(
        vocab_size=len(tokenizer) + 4, d_model=32, d_kv=16, num_layers=2, num_heads=2, d_ff=64,
        feed_forward_proj="gated-gelu", tie_word_embeddings=False, decoder_start_token_id=0, initializer_factor=3.0,
    )  # fmt: skip
    net = transformers.T5ForConditionalGeneration(config)
    net.lm_head.weight.data[len(tokenizer) :] = 0  # a trained model never says its filler rows
    return save(net, tokenizer, folder)


def convert(source: Path, folder: Path, quantization: str = "int8") -> Path:
    """A user's own CTranslate2 conversion, with the SentencePiece files beside it."""
    from ctranslate2.converters import TransformersConverter

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        TransformersConverter(str(source)).convert(str(folder), quantization=quantization)
    for name in ("source.spm", "target.spm"):
        shutil.copyfile(source / name, folder / name)
    return folder


def mini(folder: Path, source: Path) -> Path:
    """The layout of the bundled model, from a Marian model with ``<2xx>`` tokens."""
    convert(source, folder)
    (folder / "source.spm").rename(folder / "sentencepiece.model")
    (folder / "target.spm").unlink()
    about = {
        "family": "mini", "languages": ["de", "fr", "ja"], "source_prefix": "<2{lang}>", "lowercase": True,
        "license": "apache-2.0", "vocabulary_map": False, "max_positions": 64,
    }  # fmt: skip
    (folder / "mycook.json").write_text(json.dumps(about))
    return folder


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """``model("m2m100")`` is the folder of that tiny model, built at the first call. Never write into it."""
    root = tmp_path_factory.mktemp("models")
    makers: dict[str, Callable[[Path], Path]] = {
        "marian": marian,
        "marian-many": lambda folder: marian(folder, (">>deu<<", ">>cmn_Hans<<", ">>vie<<")),
        "marian-tags": lambda folder: marian(folder, tuple(LANGUAGE_TAGS)),
        "marian-separate": marian_separate,
        "marian-swish": lambda folder: marian(folder, swish=True),
        "marian-npz": lambda folder: marian_npz(folder, get("marian-swish")),
        "m2m100": m2m100,
        "small100": small100,
        "nllb": nllb,
        "madlad": madlad,
        "mbart": mbart,
        "ctranslate2": lambda folder: convert(get("marian"), folder),
        "mini": lambda folder: mini(folder, get("marian-tags")),
    }

    def get(name: str) -> Path:
        if not (root / name).is_dir():
            torch.manual_seed(7)
            makers[name](root / name)
        return root / name

    return get


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache of converted models for all tests that don't damage it."""
    return tmp_path_factory.mktemp("cache")
