"""Language models that translate by a prompt: LMT-60, TranslateGemma, MiLMMT-46, Seed-X, or a user's own.

Prompts are templates here; a repository's own template is code and is never run. Which architectures are exact in
CTranslate2, and which are wrong in silence, was tried on tiny random models against transformers; the suite repeats it.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from ...errors import ModelError
from ...languages import language
from ..base import Engine
from ..family import FAMILIES, Checkpoint, ComputeTypes, Family, ModelSpec, PreparedModel
from ..folder import DESCRIPTION, ModelFiles, read_json
from ..generator import Generator
from ..tokens import FAST_FILE, fast_tokenizer

_EXACT = ("qwen2", "qwen3", "llama", "mistral", "gemma3", "gemma3_text")
_REFUSED = {  # translation models that are asked for
    "gemma2": "Gemma 2's attention soft-capping is lost in CTranslate2, and its output differs",
    "gemma4": "Gemma 4 does not convert",
    "gemma4_text": "Gemma 4 does not convert",
    "hunyuan_v1_dense": "HunYuan normalises queries and keys after the rotation, CTranslate2 before it",
    "phi3": "Phi-3 does not convert with transformers 5",
    "cohere2": "CTranslate2 has no loader for Cohere 2",
    "smollm3": "CTranslate2 has no loader for SmolLM 3",
    "qwen3_5": "CTranslate2 has no loader for Qwen 3.5",
    "nllb-moe": "CTranslate2 has no loader for NLLB-MoE's mixture of experts; nllb-200-3.3B runs",
    "seamless_m4t": "CTranslate2 has no loader for SeamlessM4T",
    "seamless_m4t_v2": "CTranslate2 has no loader for SeamlessM4T",
}
_TEXT = "{text}"  # where the caption goes
_GEMMA_TURN = "<bos><start_of_turn>user\n{0}<end_of_turn>\n<start_of_turn>model\n"
# By what the name holds. {source}, {target}: names of languages; {source_code}, {target_code}: their codes.
PROMPTS = {
    "LMT-60": "<|im_start|>user\nTranslate the following text from {source} into {target}.\n{source}: {text}\n{target}:"
    "<|im_end|>\n<|im_start|>assistant\n",
    "translategemma": _GEMMA_TURN.format(
        "You are a professional {source} ({source_code}) to {target} ({target_code}) translator. Your goal is to "
        "accurately convey the meaning and nuances of the original {source} text while adhering to {target} grammar, "
        "vocabulary, and cultural sensitivities.\nProduce only the {target} translation, without any additional "
        "explanations or commentary. Please translate the following {source} text into {target}:\n\n\n{text}"
    ),
    "MiLMMT-46": "Translate this from {source} to {target}:\n{source}: {text}\n{target}:",
    "Seed-X": "<s>Translate the following {source} sentence into {target}:\n{text} <{target_code}>",
}
# The languages that their makers list, in our codes. TranslateGemma's are those of WMT24++, on which it was measured;
# MiLMMT-46's are only those that all of the others have.
_LMT = """
en zh ar es de fr it ja nl pl pt ru tr bg bn cs da el fa fi hi hu id ko nb ro sk sv th uk vi am az bo he hr hy is jv ka
kk km ky lo mr ms my ne ps si sw ta te tg tl ug ur uz yue
"""
_GEMMA = """
en ar bg bn ca cs da de el es et fa fi tl fr gu he hi hr hu id is it ja kn ko lt lv ml mr nl nb pa pl pt ro ru sk sl sr
sv sw ta te th tr uk ur vi zh zh-Hant zu
"""
_SEED_X = "ar fr ms ru cs hr nb sv da hu nl th de id tr en it pl uk es ja pt vi fi ko ro zh"
_COMMON = "en de fr cs zh ru vi es ja ko it pt nl pl tr ar"
_MODELS = (
    ("lmt-60-0.6B", "NiuTrans/LMT-60-0.6B", "apache-2.0", "1.2 GB", _LMT),
    ("lmt-60-1.7B", "NiuTrans/LMT-60-1.7B", "apache-2.0", "3.4 GB", _LMT),
    ("lmt-60-4B", "NiuTrans/LMT-60-4B", "apache-2.0", "8 GB", _LMT),
    ("translategemma-4b", "google/translategemma-4b-it", "gemma", "9 GB, gated", _GEMMA),
    ("translategemma-12b", "google/translategemma-12b-it", "gemma", "25 GB, gated", _GEMMA),
    ("milmmt-46-1B", "xiaomi-research/MiLMMT-46-1B-v1.0", "gemma", "2 GB", _COMMON),
    ("seed-x-7B", "ByteDance-Seed/Seed-X-PPO-7B", "openmdw", "15 GB", _SEED_X),
)

_TYPES: ComputeTypes = {
    "cpu": ("int8", "float32"),
    "cuda": ("int8_bfloat16", "bfloat16", "float16", "float32"),
}


class Chat(Family):
    name = "chat"
    model_types = _EXACT
    takes_map = False
    needs = (("tokenizer.json",),)
    compute_types = _TYPES

    def models(self) -> Iterable[ModelSpec]:
        for name, hub_id, license_, size, languages in _MODELS:
            rows = {code: Checkpoint(hub_id, license_) for code in languages.split()}
            yield ModelSpec(name, self.name, rows, self.compute_types, size=size)

    def recognises(self, files: ModelFiles) -> int:
        return int(files.model_type in (*_EXACT, *_REFUSED))

    def refuses(self, files: ModelFiles) -> str | None:
        if reason := _REFUSED.get(files.model_type):
            return reason
        config = files.config.get("text_config") or files.config
        rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
        kind = str(rope.get("rope_type") or rope.get("type") or "default") if isinstance(rope, dict) else "default"
        if kind != "default" and not files.model_type.startswith("gemma3"):
            return f"its positions are scaled by {kind!r}, which converts wrongly (Llama 3.1 and later)"
        heads, hidden = config.get("num_attention_heads"), config.get("hidden_size")
        if (
            files.model_type == "llama"
            and heads
            and hidden
            and config.get("head_dim", hidden // heads) * heads != hidden
        ):
            return "its heads are not hidden size / heads wide, which CTranslate2 does not run for Llama"
        template = self._template(files.place, files.folder)
        if not template:
            return (
                "it is a language model, and nothing says how it is asked to translate: put "
                '{"family": "chat", "prompt": "... {source} ... {target} ... {text} ..."} into mycook.json beside it'
            )
        if (count := template.count(_TEXT)) != 1:
            return f"the prompt in its mycook.json has {_TEXT} {count} times, and needs it once, where the caption goes"
        return None

    def describe(self, source: Path) -> dict[str, object]:
        config = read_json(source / "config.json") or {}
        config = config.get("text_config") or config
        limits = [config.get("max_position_embeddings") or 2048, config.get("sliding_window") or 2**31]
        return {"max_positions": int(min(limits)), "ends": _ends(source)}

    def converter(self, source: Path) -> object:
        from ..gemma3 import repair_gemma3

        repair_gemma3()
        return super().converter(source)

    def check(self, folder: Path, name: str, source: str | None, target: str | None) -> None:
        """A prompt names languages in words: there is no token to look for."""

    def open(self, model: PreparedModel, *, threads: int | None = None, map_file: Path | None = None) -> Engine:
        about = read_json(model.folder / DESCRIPTION) or {}
        before, _, after = self.prompt(model).partition(_TEXT)
        return Generator(
            model.folder,
            before=before,
            after=after,
            ends=[str(token) for token in about.get("ends") or []],
            positions=int(about.get("max_positions") or self.positions),
            device=model.device,
            compute_type=model.compute_type,
            threads=threads,
        )

    def told(self, model: PreparedModel) -> str:
        return self.prompt(model)

    def prompt(self, model: PreparedModel) -> str:
        """The prompt of a model into its language, with ``{text}`` where the caption goes."""
        template = self._template(model.name, model.folder)
        if not template or template.count(_TEXT) != 1:  # of a model of the registry, whose files nobody has looked at
            raise ModelError(f"{model.name} has no prompt with one {_TEXT} in it", hint="see docs/engines.md")
        pair = {"source": language(model.source_lang), "target": language(model.lang)}
        for side, row in pair.items():
            template = template.replace(f"{{{side}}}", row.name).replace(f"{{{side}_code}}", row.code)
        return template

    def _template(self, name: str, folder: Path) -> str | None:
        own = (read_json(folder / DESCRIPTION) or {}).get("prompt")
        known = (text for part, text in PROMPTS.items() if re.search(re.escape(part), name, re.IGNORECASE))
        return str(own) if own else next(known, None)


def _ends(source: Path) -> list[str]:
    """The tokens that end an answer, as the model's own settings list them."""
    tokenizer = fast_tokenizer(source / FAST_FILE)
    found: list[str] = []
    for name in ("generation_config.json", "config.json"):
        ids = (read_json(source / name) or {}).get("eos_token_id")
        listed = ids if isinstance(ids, list) else [ids] if ids is not None else []
        found += [token for i in listed if (token := tokenizer.id_to_token(int(i))) is not None]
    named = (read_json(source / "tokenizer_config.json") or {}).get("eos_token")
    found += [str(named["content"] if isinstance(named, dict) else named)] if named else []
    known = [token for token in dict.fromkeys(found) if tokenizer.token_to_id(token) is not None]
    if not known:
        raise ModelError(f"{source} names no token that ends an answer", hint="eos_token_id in its config.json")
    return known


FAMILIES.add(Chat())
