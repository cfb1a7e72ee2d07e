"""A decoder-only language model behind the ``Engine`` protocol, run by CTranslate2's Generator with a fixed prompt.

The prompt has one place for the caption. What stands before it is the same for all captions of a language and is
computed once (``static_prompt``). The caption is cut into tokens apart from the prompt, with control tokens disarmed: a
caption that says ``<end_of_turn>`` is text, and cannot end the user's turn.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from .base import Candidate, Search, Source
from .ctranslate2 import engine_errors, load, mean_score, translators
from .tokens import FAST_FILE, caption_tokenizer, fast_tokenizer


class Generator:
    """A converted language model that translates by a prompt.

    ``before`` and ``after`` are the prompt's text around the caption; ``ends`` the tokens that end an answer.
    ``positions`` is the longest sequence that the model can attend to, prompt included.
    """

    def __init__(
        self,
        folder: Path,
        *,
        before: str,
        after: str,
        ends: Sequence[str],
        positions: int,
        device: str,
        compute_type: str,
        threads: int | None = None,
    ) -> None:
        self.workers = translators(device, threads)
        self._tokenizer, self._captions = fast_tokenizer(folder / FAST_FILE), caption_tokenizer(folder / FAST_FILE)
        self._static, self._after = self._control(before), self._control(after)
        # what the caption's first word is glued to, so that it is cut as it would be within the whole prompt
        self._glue = " " if before.endswith(" ") else ""
        if self._glue:
            self._static = self._control(before[:-1])
        self._ends, self._positions = list(ends), positions
        self._folder, self._device, self._compute_type = folder, device, compute_type
        self._loading = Lock()

    def read(self, texts: Sequence[str]) -> list[Source]:
        """The tokens of each caption and of what follows it; cut to half of the room that the prompt leaves."""
        room = max(1, (self._positions - len(self._static) - len(self._after)) // 2)
        rows = []
        lines = [self._glue + " ".join(text.split()) for text in texts]
        for row in self._captions.encode_batch(lines, add_special_tokens=False):
            tokens = row.tokens[:room]
            rows.append(Source((*tokens, *self._after), after=len(self._after), cut=len(row.tokens) >= room))
        return rows

    def translate(self, batch: Sequence[Source], search: Search) -> list[tuple[Candidate, ...]]:
        """Answers to exactly this batch, never padded."""
        with self._loading:
            generator = self._generator
        longest = max(len(source.pieces) for source in batch)
        cap = math.ceil(search.output_factor * longest + search.output_extra) + 1
        room = self._positions - len(self._static) - longest - len(self._after)
        with engine_errors():
            results = generator.generate_batch(
                [list(source.tokens) for source in batch],
                max_batch_size=0,  # the planner has made the batch
                batch_type="tokens",
                static_prompt=list(self._static) or None,
                include_prompt_in_result=False,
                end_token=self._ends,
                return_end_token=True,
                return_scores=True,
                beam_size=max(search.beam_size, search.candidates),
                num_hypotheses=search.candidates,
                length_penalty=search.length_penalty,
                no_repeat_ngram_size=search.no_repeat_ngram,
                max_length=max(1, min(cap, room)),
                min_length=1,
            )
        return [
            tuple(
                self._candidate(tokens, float(score), search.length_penalty)
                for tokens, score in zip(row.sequences, row.scores, strict=True)
            )
            for row in results
        ]

    def _control(self, text: str) -> tuple[str, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).tokens)

    @cached_property
    def _generator(self) -> Any:
        return load("Generator", self._folder, self._device, self._compute_type, self.workers)

    def _candidate(self, tokens: list[str], score: float, length_penalty: float) -> Candidate:
        finished = bool(tokens) and tokens[-1] in self._ends
        pieces = tuple(tokens[:-1] if finished else tokens)
        ids = [self._tokenizer.token_to_id(piece) for piece in pieces]
        text = str(self._tokenizer.decode([i for i in ids if i is not None], skip_special_tokens=True)).strip()
        lost = any(i is None for i in ids)
        flags = ("unknown",) if lost else ()
        return Candidate(text, mean_score(score, len(tokens), length_penalty), finished, pieces, flags)
