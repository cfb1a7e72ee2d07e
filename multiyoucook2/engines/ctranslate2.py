"""CTranslate2 behind the ``Translator`` protocol."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import ModelError
from .base import Candidates, Hypothesis, OutOfMemory, Search
from .convert import PreparedModel
from .registry import FAMILIES
from .tokens import END


def usable_cores() -> int:
    """The cores that this process may use: affinity and the container's quota, not what the machine has."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, round(int(quota) / int(period))))


class CTranslate2:
    """A converted model: one translator of one thread a core (the weights are shared), or one GPU.

    ``map_file`` is a vocabulary map that restricts the output to the tokens it allows.
    """

    def __init__(
        self,
        model: PreparedModel,
        target_prefix: Sequence[str],
        *,
        threads: int | None = None,
        map_file: Path | None = None,
    ) -> None:
        import ctranslate2

        self.workers = 1 if model.device == "cuda" else threads or usable_cores()
        self._prefix, self._use_map = list(target_prefix), map_file is not None
        self._min_length = FAMILIES[model.family].min_length
        try:
            with _folder_with_map(model.folder, map_file) as folder:
                self._translator: Any = ctranslate2.Translator(
                    str(folder),
                    device=model.device,
                    compute_type=model.compute_type,
                    inter_threads=self.workers,
                    intra_threads=1,
                )
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"{model.folder} cannot be loaded: {str(error).splitlines()[0]}", hint="convert or download it again"
            ) from error

    def translate(self, batch: Sequence[Sequence[str]], search: Search) -> list[Candidates]:
        """Translates exactly this batch, unpadded: CTranslate2 has no mask and would read pads as words."""
        try:
            results = self._translator.translate_batch(
                [list(tokens) for tokens in batch],
                [self._prefix] * len(batch) if self._prefix else None,
                max_batch_size=0,  # the planner has made the batch: it must not be cut or sorted anew
                batch_type="tokens",
                beam_size=max(search.beam_size, search.candidates),
                num_hypotheses=search.candidates,
                length_penalty=search.length_penalty,
                no_repeat_ngram_size=search.no_repeat_ngram,
                disable_unk=search.disable_unk,
                max_decoding_length=search.max_tokens + len(self._prefix) + 1,
                min_decoding_length=self._min_length,
                max_input_length=0,
                use_vmap=self._use_map,
                return_scores=True,
                return_end_token=True,
            )
        except MemoryError as error:
            raise OutOfMemory(str(error)) from error
        except RuntimeError as error:
            if "out of memory" in str(error).lower() or "alloc" in str(error).lower():
                raise OutOfMemory(str(error)) from error
            raise ModelError(
                f"the translation engine failed: {str(error).splitlines()[0]}", hint="try --device cpu or --engine mini"
            ) from error
        return [
            tuple(
                self._read(tokens, float(score), search.length_penalty)
                for tokens, score in zip(row.hypotheses, row.scores, strict=True)
            )
            for row in results
        ]

    def _read(self, tokens: list[str], score: float, length_penalty: float) -> Hypothesis:
        finished = bool(tokens) and tokens[-1] == END
        length = max(len(tokens), 1)
        mean = min(0.0, score * length**length_penalty / length)  # the engine divides by length ** penalty
        return Hypothesis(tuple(tokens[len(self._prefix) : -1 if finished else None]), mean, finished)


@contextmanager
def _folder_with_map(folder: Path, map_file: Path | None) -> Iterator[Path]:
    """The model's folder, or where the map lies elsewhere a passing folder of links: the engine wants both in one."""
    if map_file is None or map_file.parent == folder:
        yield folder
        return
    with tempfile.TemporaryDirectory() as work:
        for path in (*folder.glob("*.bin"), *folder.glob("*.json"), *folder.glob("*_vocabulary.txt")):
            (Path(work) / path.name).symlink_to(path.resolve())
        (Path(work) / "vmap.txt").symlink_to(map_file.resolve())
        yield Path(work)
