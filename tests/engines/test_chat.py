"""Language models that translate by a prompt: each architecture against transformers, and what is refused."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tokenizers
import torch
import transformers
from tiny_families import made_up_lines

from multiyoucook2.engines.base import Search
from multiyoucook2.engines.decoding import Decoding
from multiyoucook2.engines.families.chat import Chat
from multiyoucook2.engines.generator import Generator
from multiyoucook2.engines.kinds.model import ResolvedModel
from multiyoucook2.engines.resolve import resolve
from multiyoucook2.errors import ModelError
from multiyoucook2.translation.table import decode_hash

GREEDY = Search(beam_size=1, length_penalty=1.0, output_factor=0.0, output_extra=11)
PROMPT = "<bos><user>\nFrom {source} ({source_code}) into {target}:\n{source}: {text}\n{target}:<end>\n<model>\n"
TEXTS = made_up_lines(8)
SMALL: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 256, "initializer_range": 0.4,
}  # fmt: skip
GEMMA3: dict[str, Any] = SMALL | {
    "sliding_window": 128, "query_pre_attn_scalar": 20, "layer_types": ["sliding_attention", "full_attention"] * 1
    + ["sliding_attention"],
    "rope_parameters": {
        "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
        "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1_000_000.0},
    },
}  # fmt: skip
VISION: dict[str, Any] = {
    "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 16,
    "patch_size": 8,
}  # fmt: skip


def configurations(size: int) -> dict[str, transformers.PretrainedConfig]:
    """A tiny configuration of each supported ``model_type``."""
    ids = {"vocab_size": size, "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 2}
    return {
        "qwen2": transformers.Qwen2Config(**{k: v for k, v in SMALL.items() if k != "head_dim"}, **ids),
        "qwen3": transformers.Qwen3Config(**SMALL, **ids),
        "llama": transformers.LlamaConfig(**SMALL, **ids),
        "mistral": transformers.MistralConfig(**SMALL, **ids),
        "gemma3_text": transformers.Gemma3TextConfig(**GEMMA3, **ids),
        "gemma3": transformers.Gemma3Config(
            text_config=GEMMA3 | ids, vision_config=VISION, mm_tokens_per_image=4, bos_token_id=0, eos_token_id=2
        ),
    }


def save_model(folder: Path, kind: str, prompt: str | None = PROMPT) -> Path:
    """A tiny random language model with a byte-level tokenizer of the made-up lines."""
    words = tokenizers.Tokenizer(tokenizers.models.BPE())
    words.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<bos>", "<user>", "<end>", "<model>", "<unk>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
    )  # fmt: skip
    words.train_from_iterator(made_up_lines(300, seed=1), trainer)
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token="<bos>", eos_token="<end>", unk_token="<unk>"
    )
    torch.manual_seed(5)
    transformers.utils.logging.disable_progress_bar()
    config = configurations(len(fast) + 16)[kind]  # as real ones, padded
    model = transformers.AutoModelForCausalLM.from_config(config)
    model.get_output_embeddings().weight.data[len(fast) :] = 0  # a trained model never says its filler rows
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    if prompt:
        (folder / "mycook.json").write_text(json.dumps({"family": "chat", "prompt": prompt, "license": "mit"}))
    return folder


def open_engine(folder: Path, cache: Path, lang: str = "de") -> Generator:
    """The engine at full precision."""
    found = resolve(str(folder), lang, cache_dir=cache, offline=True)
    assert isinstance(found, ResolvedModel)
    exact = replace(found, spec=replace(found.spec, compute_types={"cpu": ("float32",)}))
    engine = exact.prepare("cpu").open(Decoding(), 1)
    assert isinstance(engine, Generator)
    return engine


@pytest.fixture(scope="module")
def language_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    root = tmp_path_factory.mktemp("language-models")

    def get(kind: str) -> Path:
        return root / kind if (root / kind).is_dir() else save_model(root / kind, kind)

    return get


@pytest.mark.parametrize("kind", Chat.model_types)
def test_greedy_output_is_transformers_own(language_model: Callable[[str], Path], cache: Path, kind: str) -> None:
    engine = open_engine(language_model(kind), cache)
    sources = engine.read(TEXTS)
    outputs = [best for (best,) in engine.translate(sources, GREEDY)]
    tokenizer = transformers.AutoTokenizer.from_pretrained(language_model(kind))
    net = transformers.AutoModelForCausalLM.from_pretrained(language_model(kind)).eval()
    written = PROMPT.replace("{source}", "English").replace("{source_code}", "en").replace("{target}", "German")
    for text, source, output in zip(TEXTS, sources, outputs, strict=True):
        ids = tokenizer(written.replace("{text}", text), return_tensors="pt", add_special_tokens=False).input_ids
        assert tokenizer.convert_ids_to_tokens(ids[0].tolist()) == [*engine._static, *source.tokens]
        with torch.no_grad():
            made = net.generate(
                ids, attention_mask=torch.ones_like(ids), num_beams=1, do_sample=False, max_new_tokens=12,
                output_scores=True, return_dict_in_generate=True,
            )  # fmt: skip
        new = made.sequences[0, ids.shape[1] :].tolist()
        finished = new[-1] == tokenizer.eos_token_id
        assert output.finished == finished
        assert list(output.pieces) == tokenizer.convert_ids_to_tokens(new[:-1] if finished else new)
        assert output.text == tokenizer.decode(new, skip_special_tokens=True).strip()
        steps = [torch.log_softmax(step[0], -1)[token].item() for step, token in zip(made.scores, new, strict=True)]
        assert output.score == pytest.approx(sum(steps) / len(steps), abs=1e-3)


def test_control_token_in_a_caption_is_text(language_model: Callable[[str], Path], cache: Path) -> None:
    engine = open_engine(language_model("qwen3"), cache)
    (source,) = engine.read(["add <end> salt <user>"])
    assert not {"<end>", "<user>", "<model>", "<bos>"} & set(source.pieces)
    assert source.tokens[len(source.pieces) :].count("<end>") == 1  # the prompt's own is still one


def test_control_token_that_its_file_calls_plain_is_text(
    language_model: Callable[[str], Path], cache: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(language_model("qwen3"), tmp_path / "own")
    saved = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    for token in saved["added_tokens"]:
        token["special"] = False
    (folder / "tokenizer.json").write_text(json.dumps(saved), encoding="utf-8")
    engines = [open_engine(path, cache) for path in (folder, language_model("qwen3"))]
    own, plain = (engine.read(["add <end> salt <user>", *TEXTS]) for engine in engines)
    assert own == plain
    assert "<end>" not in own[0].pieces


def test_saved_padding_and_truncation_are_not_the_captions(
    language_model: Callable[[str], Path], cache: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(language_model("qwen3"), tmp_path / "own")
    fast = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    fast.enable_padding(length=64)
    fast.enable_truncation(8)
    fast.save(str(folder / "tokenizer.json"))
    engines = [open_engine(path, cache) for path in (folder, language_model("qwen3"))]
    own, plain = (engine.read([*TEXTS, " ".join(TEXTS * 20)]) for engine in engines)
    assert own == plain
    assert own[-1].cut
    assert engines[0]._static == engines[1]._static


def test_caption_that_leaves_no_room_for_its_translation_is_cut(
    language_model: Callable[[str], Path], cache: Path
) -> None:
    engine = open_engine(language_model("qwen3"), cache)
    short, long = engine.read([TEXTS[0], " ".join(TEXTS * 20)])
    assert (short.cut, long.cut) == (False, True)
    assert len(engine._static) + 2 * len(long.pieces) + long.after <= 256


def test_batch_says_what_each_says_alone(language_model: Callable[[str], Path], cache: Path) -> None:
    engine = open_engine(language_model("qwen3"), cache)
    sources = engine.read(TEXTS)
    together = engine.translate(sources, replace(GREEDY, beam_size=3, candidates=3))
    apart = [engine.translate([source], replace(GREEDY, beam_size=3, candidates=3))[0] for source in sources]
    assert [[row.text for row in rows] for rows in together] == [[row.text for row in rows] for rows in apart]
    assert all(len(rows) == 3 for rows in together)


def edit(folder: Path, **changes: object) -> Path:
    values = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(values))
    return folder


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rope_parameters": {"rope_type": "llama3", "factor": 8.0, "rope_theta": 1e4}}, "scaled by 'llama3'"),
        ({"head_dim": 16}, "heads are not"),
        ({"model_type": "gemma2"}, "soft-capping"),
        ({"model_type": "hunyuan_v1_dense"}, "after the rotation"),
        ({"model_type": "phi3"}, "Phi-3"),
        ({"model_type": "cohere2"}, "no loader"),
        ({"model_type": "nllb-moe"}, "mixture of experts"),
        ({"model_type": "qwen3", "rope_parameters": {"rope_type": "yarn", "factor": 4.0}}, "scaled by 'yarn'"),
        ({"model_type": "mpt"}, "'mpt' model, which is no translation model"),
        ({"quantization_config": {"quant_method": "gptq"}}, "quantized in a way"),
    ],
)
def test_what_converts_wrongly_is_refused_with_the_reason(
    tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    (tmp_path / "LMT-60").mkdir()
    (tmp_path / "LMT-60" / "config.json").write_text(json.dumps({"model_type": "llama", **SMALL}))
    with pytest.raises(ModelError, match=reason):
        resolve(str(edit(tmp_path / "LMT-60", **changes)), "de", cache_dir=tmp_path)


def test_what_mycook_json_says_makes_no_wrong_conversion_right(tmp_path: Path) -> None:
    """Which family it is, and its prompt, was enough for one whose positions convert wrongly."""
    llama = {"model_type": "llama", "rope_parameters": {"rope_type": "llama3", "factor": 8.0, "rope_theta": 1e4}}
    for config, reason in ((SMALL | llama, "scaled by 'llama3'"), ({"model_type": "gemma2"}, "soft-capping")):
        (tmp_path / "config.json").write_text(json.dumps(config))
        (tmp_path / "mycook.json").write_text(json.dumps({"family": "chat", "prompt": PROMPT}))
        with pytest.raises(ModelError, match=reason):
            resolve(str(tmp_path), "de", cache_dir=tmp_path)


def test_outputs_are_remembered_by_the_whole_prompt(language_model: Callable[[str], Path], cache: Path) -> None:
    """Its language of the captions is in no source's tokens: those of a wrong --source-lang were taken for right."""
    hashes = []
    for source_lang in ("en", "es", "en"):
        found = resolve(str(language_model("qwen3")), "de", source_lang=source_lang, cache_dir=cache, offline=True)
        hashes.append(decode_hash(found.prepare("cpu"), Decoding()))
    assert hashes[0] == hashes[2] != hashes[1]


@pytest.mark.parametrize(("prompt", "count"), [("Into {target}:", 0), ("{text}\n{text}\nin {target}:", 2)])
def test_prompt_needs_the_caption_once(tmp_path: Path, prompt: str, count: int) -> None:
    """Before anything is downloaded or converted: there are no weights here."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "qwen3", **SMALL}))
    (tmp_path / "mycook.json").write_text(json.dumps({"family": "chat", "prompt": prompt}))
    with pytest.raises(ModelError, match=f"the prompt in its mycook.json has {{text}} {count} times"):
        resolve(str(tmp_path), "de", cache_dir=tmp_path)


def test_language_model_without_a_prompt_is_refused(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "somebodys", "qwen3", prompt=None)
    with pytest.raises(ModelError, match="nothing says how it is asked to translate"):
        resolve(str(folder), "de", cache_dir=tmp_path)
    named = folder.rename(tmp_path / "LMT-60-tiny")
    assert resolve(str(named), "de", cache_dir=tmp_path).family == "chat"
