"""A tiny real CTranslate2 model in the layout of the bundled one: random weights, a SentencePiece model of its own."""

import json
import shutil
import warnings
from pathlib import Path

LANGUAGES = ("de", "fr", "cs", "zh", "ru", "vi", "es", "ja")


def make_tiny_model(folder: Path, captions: list[str], seed: int = 7) -> Path:
    """Train the pieces on ``captions``, draw weights, convert to int8."""
    import sentencepiece
    import torch
    import transformers
    from ctranslate2.converters import TransformersConverter

    source = folder.with_name(folder.name + "-source")
    source.mkdir(parents=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(captions),
        model_prefix=str(source / "source"),
        vocab_size=200,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    (source / "source.model").rename(source / "source.spm")
    shutil.copyfile(source / "source.spm", source / "target.spm")
    processor = sentencepiece.SentencePieceProcessor(model_file=str(source / "source.spm"))
    pieces = [processor.id_to_piece(number) for number in range(processor.get_piece_size())]
    tokens = dict.fromkeys(["</s>", "<unk>", *pieces, *(f"<2{lang}>" for lang in LANGUAGES)])
    tokens.pop("<s>")
    vocabulary = {token: number for number, token in enumerate([*tokens, "<pad>"])}
    (source / "vocab.json").write_text(json.dumps(vocabulary))
    pad = vocabulary["<pad>"]
    config = transformers.MarianConfig(
        vocab_size=len(vocabulary), pad_token_id=pad, eos_token_id=0, decoder_start_token_id=pad, bos_token_id=None,
        forced_eos_token_id=None, d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=128, init_std=0.5,
    )  # fmt: skip
    torch.manual_seed(seed)
    transformers.utils.logging.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        tokenizer = transformers.MarianTokenizer(*(str(source / n) for n in ("source.spm", "target.spm", "vocab.json")))
        transformers.MarianMTModel(config).save_pretrained(source)
        tokenizer.save_pretrained(source)
        TransformersConverter(str(source)).convert(str(folder), quantization="int8")
    shutil.copyfile(source / "source.spm", folder / "sentencepiece.model")
    about = {
        "family": "mini", "languages": LANGUAGES, "source_prefix": "<2{lang}>", "lowercase": True,
        "license": "apache-2.0", "vocabulary_map": False, "max_positions": 128,
    }  # fmt: skip
    (folder / "mycook.json").write_text(json.dumps(about))
    return folder
