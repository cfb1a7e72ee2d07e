"""An encoder-decoder model behind the ``Engine`` protocol, run by CTranslate2's Translator."""

import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from ..errors import ModelError
from .base import Candidate, EngineFailed, OutOfMemory, Search, Source
from .hardware import require
from .tokens import END, UNKNOWN, Tokenization


def usable_cores() -> int:
    """The cores that this process may use: affinity and the container's quota, not what the machine has."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, round(int(quota) / int(period))))


def translators(device: str, threads: int | None) -> int:
    """How many work side by side: on a CPU as many as asked for, but no more than cores: thousands never start."""
    return 1 if device == "cuda" else min(threads or usable_cores(), usable_cores())


@contextmanager
def engine_errors() -> Iterator[None]:
    """What CTranslate2 raises, as the errors that the ladder and the user know."""
    try:
        yield
    except MemoryError as error:
        raise OutOfMemory(str(error)) from error
    except (RuntimeError, ValueError) as error:
        if "out of memory" in str(error).lower() or "alloc" in str(error).lower():
            raise OutOfMemory(str(error)) from error
        raise EngineFailed(
            f"the translation engine failed: {str(error).splitlines()[0]}", hint="try --device cpu, or another engine"
        ) from error


def mean_score(score: float, length: int, length_penalty: float) -> float:
    """The mean log-probability of a token: the engine divides the sum by length ** penalty."""
    return min(0.0, score * float(max(length, 1) ** length_penalty) / max(length, 1))


class CTranslate2:
    """A converted model: one translator of one thread a core (the weights are shared), or one GPU.

    ``map_file`` is a vocabulary map that restricts the output to the tokens it allows. ``min_length`` is the least
    number of tokens that an output has.
    """

    def __init__(
        self,
        folder: Path,
        tokenization: Tokenization,
        *,
        device: str,
        compute_type: str,
        threads: int | None = None,
        map_file: Path | None = None,
        min_length: int = 1,
    ) -> None:
        if map_file and not map_file.stat().st_size:  # the engine dies of it
            raise ModelError(f"{map_file} is empty", hint="remove it, or convert the model again")
        self.workers = translators(device, threads)
        self.tokenization = tokenization
        self._folder, self._device, self._compute_type = folder, device, compute_type
        self._map_file, self._min_length = map_file, min_length
        self._loading = Lock()

    def read(self, texts: Sequence[str]) -> list[Source]:
        """Each text's source tokens."""
        return self.tokenization.encode(texts)

    def translate(self, batch: Sequence[Source], search: Search) -> list[tuple[Candidate, ...]]:
        """Translates exactly this batch, unpadded: CTranslate2 has no mask and would read pads as words."""
        with self._loading:
            translator = self._translator
        prefix = list(self.tokenization.target_prefix)
        with engine_errors():
            results = translator.translate_batch(
                [list(source.tokens) for source in batch],
                [prefix] * len(batch) if prefix else None,
                max_batch_size=0,  # the planner has made the batch: it must not be cut or sorted anew
                batch_type="tokens",
                beam_size=max(search.beam_size, search.candidates),
                num_hypotheses=search.candidates,
                length_penalty=search.length_penalty,
                no_repeat_ngram_size=search.no_repeat_ngram,
                disable_unk=search.disable_unk,
                max_decoding_length=self.output_cap(batch, search) + len(prefix) + 1,
                min_decoding_length=self._min_length,
                max_input_length=0,
                use_vmap=self._map_file is not None,
                return_scores=True,
                return_end_token=True,
            )
        return [
            tuple(
                self._candidate(tokens, float(score), search.length_penalty)
                for tokens, score in zip(row.hypotheses, row.scores, strict=True)
            )
            for row in results
        ]

    def output_cap(self, batch: Sequence[Source], search: Search) -> int:
        """The most output tokens that a batch's longest source allows, prefix and end token not counted."""
        longest = max(len(source.pieces) for source in batch)
        wished = math.ceil(search.output_factor * longest + search.output_extra)
        return max(1, min(wished, self.tokenization.positions - len(self.tokenization.target_prefix) - 2))

    @cached_property
    def _translator(self) -> Any:
        with _folder_with_map(self._folder, self._map_file) as folder:
            return load("Translator", folder, self._device, self._compute_type, self.workers)

    def _flags(self, pieces: Sequence[str]) -> tuple[str, ...]:
        language = self.tokenization.language_tokens
        found = {"unknown": UNKNOWN in pieces, "artefact": any(language.fullmatch(piece) for piece in pieces)}
        return tuple(name for name, there in found.items() if there)

    def _candidate(self, tokens: list[str], score: float, length_penalty: float) -> Candidate:
        finished = bool(tokens) and tokens[-1] == END
        pieces = tuple(tokens[len(self.tokenization.target_prefix) : -1 if finished else None])
        return Candidate(
            self.tokenization.decode(pieces),
            mean_score(score, len(tokens), length_penalty),
            finished,
            pieces,
            flags=self._flags(pieces),
        )


def load(kind: str, folder: Path, device: str, compute_type: str, workers: int) -> Any:
    """A ``"Translator"`` or ``"Generator"`` of CTranslate2: ``workers`` side by side that share the weights.

    Raises:
        ModelError: this machine lacks the device or the compute type, or a file of the model is damaged.
    """
    import ctranslate2

    require(device, compute_type)
    try:
        return getattr(ctranslate2, kind)(
            str(folder), device=device, compute_type=compute_type, inter_threads=workers, intra_threads=1
        )
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"{folder} cannot be loaded: {str(error).splitlines()[0]}", hint="convert or download it again"
        ) from error


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
