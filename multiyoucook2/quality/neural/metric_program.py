"""The other side: runs in a metric's own environment, where this package is not installed. One JSON object a line.

    {"id": 0, "init": {"kind": "comet", "model": HUB_ID OR FOLDER}}       -> {"id": 0, "ready": {"model": ..., ...}}
    {"id": n, "score": [{"src": ..., "mt": ..., "ref": ...}, ...]}        -> {"id": n, "scores": [0.81, ...]}
    anything that fails                                                   -> {"id": n, "error": "..."}

Libraries print what they like: the protocol moves to a descriptor of its own, and whatever is printed goes to stderr.
"""

import json
import os
import sys
from collections.abc import Callable

Scorer = Callable[[list[dict[str, str]]], list[float]]
BATCH = 16


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    scorer: Scorer | None = None
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if "init" in asked:
                scorer, about = LOADERS[asked["init"]["kind"]](asked["init"]["model"])
                answer: dict[str, object] = {"ready": about}
            elif scorer is None:
                answer = {"error": "no model is loaded"}
            else:
                answer = {"scores": [float(score) for score in scorer(asked["score"])]}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps({"id": asked["id"], **answer}) + "\n")
        answers.flush()


def load_comet(name: str) -> tuple[Scorer, dict[str, str]]:
    """COMET by its package. ``comet.download_model`` would hide why a download fails."""
    import comet  # type: ignore[import-not-found]
    import torch

    model = comet.load_from_checkpoint(os.path.join(_folder(name), "checkpoints", "model.ckpt"))

    def score(pairs: list[dict[str, str]]) -> list[float]:
        found: list[float] = model.predict(pairs, batch_size=BATCH, gpus=0, progress_bar=False).scores
        return found

    return score, {"comet": getattr(comet, "__version__", ""), "torch": torch.__version__, "model": name}


def load_metricx(name: str) -> tuple[Scorer, dict[str, str]]:
    """MetricX-24 (Juraska et al. 2024): an mT5 whose first output, at one reserved token, is the score, 0 (best) to 25.

    Its authors' code is no package; this is what it computes: the input without its end mark, one step of the decoder.
    """
    import torch
    import transformers

    folder = _folder(name)
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        token = min(METRICX_TOKEN, json.load(file)["vocab_size"] - 1)
    model = transformers.MT5ForConditionalGeneration.from_pretrained(folder).eval()
    own = os.path.exists(os.path.join(folder, "tokenizer_config.json"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder if own else METRICX_TOKENIZER)

    def score(pairs: list[dict[str, str]]) -> list[float]:
        found: list[float] = []
        for first in range(0, len(pairs), BATCH):
            texts = [metricx_text(pair) for pair in pairs[first : first + BATCH]]
            rows = [ids[:-1] for ids in tokenizer(texts, truncation=True, max_length=1536)["input_ids"]]
            longest = max(len(row) for row in rows)
            ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
            mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
            start = torch.zeros(len(rows), 1, dtype=torch.long)
            with torch.inference_mode():
                logits = model(input_ids=ids, attention_mask=mask, decoder_input_ids=start).logits
            found += logits[:, 0, token].float().clamp(0, 25).tolist()
        return found

    return score, {"transformers": transformers.__version__, "torch": torch.__version__, "model": name}


def metricx_text(pair: dict[str, str]) -> str:
    """A pair as MetricX was trained on it; without a reference it estimates."""
    reference = f" reference: {pair['ref']}" if pair.get("ref") else ""
    return f"source: {pair['src']} candidate: {pair['mt']}{reference}"


def _folder(name: str) -> str:
    """A folder, or a hub id's files, downloaded where they are not there yet."""
    if os.path.isdir(name):
        return name
    from huggingface_hub import snapshot_download

    return str(snapshot_download(name))


METRICX_TOKEN = 250089
METRICX_TOKENIZER = "google/mt5-xl"
LOADERS = {"comet": load_comet, "metricx": load_metricx}

if __name__ == "__main__":
    main()
