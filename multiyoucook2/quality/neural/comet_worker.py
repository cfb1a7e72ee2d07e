"""The other side: runs in the metric's own environment, where this package is not installed. One JSON object a line.

    {"id": 0, "init": {"model": HUB_ID}}                                  -> {"id": 0, "ready": {"python": ..., ...}}
    {"id": n, "score": [{"src": ..., "mt": ..., "ref": ...}, ...]}        -> {"id": n, "scores": [0.81, ...]}
    anything that fails                                                   -> {"id": n, "error": "..."}

Libraries print what they like: the protocol moves to a descriptor of its own, and whatever is printed goes to stderr.
"""

import json
import os
import sys
from typing import Any


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    model: Any = None
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if "init" in asked:
                model, about = load(asked["init"]["model"])
                answer: dict[str, Any] = {"ready": about}
            else:
                scores = model.predict(asked["score"], batch_size=16, gpus=0, progress_bar=False).scores
                answer = {"scores": [float(score) for score in scores]}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps({"id": asked["id"], **answer}) + "\n")
        answers.flush()


def load(name: str) -> tuple[Any, dict[str, str]]:
    import comet  # type: ignore[import-not-found]
    import torch

    path = comet.download_model(name)
    about = {"comet": getattr(comet, "__version__", ""), "torch": torch.__version__, "model": name}
    return comet.load_from_checkpoint(path), about


if __name__ == "__main__":
    main()
