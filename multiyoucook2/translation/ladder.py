"""Texts to translations: planned batches, several in flight, memory back-off, the retry ladder.

Each decision is a function of the whole list of texts: which batches there are, which rows are tried again, and which
rows share a batch then. So a resumed run, which finds part of the answers in the memory, makes the same decisions.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np

from ..engines.base import Candidates, Hypothesis, OutOfMemory, Search, Translator
from ..engines.tokens import Tokenization
from ..errors import ModelError
from ..text.numbers import numbers_changed
from .batches import Item, plan_batches
from .decoding import Decoding
from .flags import SEVERITY, find_flags
from .memory import Attempt, Space
from .parts import join_parts, split_parts
from .stand_ins import with_stand_ins, without_stand_ins

Batch = tuple[Item, ...]
RETRY_BATCH_SHARE = 4  # a quarter of a batch: few rows are tried again, and all translators should have some
_STOPS = (".", "。", "।")


@dataclass(frozen=True)
class Rung:
    """One way to try.

    ``candidates``: of so many hypotheses the first sound one is taken. ``stand_ins``: rare numbers are replaced by
    common ones. ``sentence``: the source gets a capital and a full stop, which fragments lack.
    """

    candidates: int = 1
    stand_ins: bool = False
    no_repeat_ngram: int = 0
    disable_unk: bool = False
    sentence: bool = False


LADDER = (
    Rung(),
    Rung(candidates=12),
    Rung(candidates=12, stand_ins=True),
    Rung(no_repeat_ngram=3, disable_unk=True),
    Rung(no_repeat_ngram=3, disable_unk=True, sentence=True),
)


@dataclass(frozen=True)
class Outcome:
    """What a text ended with: its best attempt, and how many rungs were tried after the first."""

    text: str
    score: float
    flags: tuple[str, ...]
    retries: int


@dataclass(frozen=True)
class Runner:
    """What runs a batch. ``translator`` loads the model, and is called only when a batch is missing."""

    tokenization: Tokenization
    translator: Callable[[], Translator]
    decoding: Decoding


def translate_texts(
    texts: Sequence[str],
    runner: Runner,
    lang: str,
    space: Space,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Outcome]:
    """Translates each distinct text once, by the memory where it can.

    ``progress(done, total)`` counts distinct texts of the first attempt.

    Raises:
        ModelError: the engine fails, or a single text does not fit into memory.
        WorkspaceError: the memory cannot be written.
    """
    distinct = sorted(set(texts))
    tried: dict[str, list[Attempt]] = {text: [] for text in distinct}
    encoded: dict[str, set[tuple[str, ...]]] = {text: set() for text in distinct}
    current = distinct
    for number, rung in enumerate(LADDER if runner.decoding.retry else LADDER[:1]):
        items = [
            item
            for item in _items(current, rung, runner.tokenization)
            # a caption without rare numbers, or read in lower case, has the same tokens: nothing new to try
            if not (rung.sentence or rung.stand_ins) or item.tokens not in encoded[item.text]
        ]
        for item in items:
            encoded[item.text].add(item.tokens)
        _run_rung(items, number, runner, lang, space, progress if number == 0 else None)
        for item in items:
            attempt = space.get(item.text, number)
            assert attempt is not None  # _run_rung has filled the space
            tried[item.text].append(attempt)
        current = [text for text in current if not any(_sound(attempt.flags) for attempt in tried[text])]
    outcomes = {text: _best(attempts) for text, attempts in tried.items()}
    return outcomes | (_by_parts(current, outcomes, runner, lang, space) if runner.decoding.retry else {})


def _by_parts(
    texts: Sequence[str], outcomes: dict[str, Outcome], runner: Runner, lang: str, space: Space
) -> dict[str, Outcome]:
    """The texts that are sound when translated part by part: every part is, and no number is lost or added."""
    parts = {text: cut for text in texts if len(cut := split_parts(text)) > 1}
    new = {part for cut in parts.values() for part in cut} - outcomes.keys()
    known = outcomes | (translate_texts(sorted(new), runner, lang, space) if new else {})
    mended = {}
    for text, cut in parts.items():
        found = [known[part] for part in cut]
        joined = join_parts([part.text for part in found], lang)
        if all(_sound(part.flags) for part in found) and numbers_changed(text, joined, lang) is None:
            score = sum(part.score for part in found) / len(found)
            flags = dict.fromkeys(flag for part in found for flag in part.flags)
            mended[text] = Outcome(joined, score, tuple(flags), outcomes[text].retries + 1)
    return mended


def as_sentence(text: str) -> str:
    """A fragment as a sentence: a capital in front, a full stop behind."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


def output_cap(batch: Batch, runner: Runner) -> int:
    """The most output tokens that a batch's longest source allows: factor x its pieces + extra, within positions."""
    special = len(runner.tokenization.prefix) + 1
    longest = max(len(item.tokens) for item in batch) - special
    wished = math.ceil(runner.decoding.max_length_factor * longest + runner.decoding.max_length_extra)
    return max(1, min(wished, runner.tokenization.positions - len(runner.tokenization.target_prefix) - 2))


def _items(texts: Sequence[str], rung: Rung, tokenization: Tokenization) -> list[Item]:
    sources = [as_sentence(text) for text in texts] if rung.sentence else texts
    sources = [with_stand_ins(source)[0] for source in sources] if rung.stand_ins else sources
    return [Item(text, tokens) for text, tokens in zip(texts, tokenization.encode(sources), strict=True)]


def _run_rung(
    items: list[Item],
    number: int,
    runner: Runner,
    lang: str,
    space: Space,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Fills the space with an attempt on this rung for each item; a batch that lacks one text is redone as a whole."""
    limit = runner.decoding.batch_tokens if number == 0 else max(1, runner.decoding.batch_tokens // RETRY_BATCH_SHARE)
    batches = plan_batches(items, limit)
    missing = [batch for batch in batches if any(space.get(item.text, number) is None for item in batch)]
    done = len(items) - sum(len(batch) for batch in missing)
    if progress:
        progress(done, len(items))
    for batch, outputs in run_batches(missing, number, runner):
        space.append(_attempt(*pair, number, runner, lang) for pair in zip(batch, outputs, strict=True))
        done += len(batch)
        if progress:
            progress(done, len(items))


def run_batches(batches: list[Batch], number: int, runner: Runner) -> Iterator[tuple[Batch, list[Candidates]]]:
    """Runs batches and yields each as it finishes, with twice as many under way as there are translators.

    The engine waits for nobody then, and what a killed process loses is what the translators were at.
    """
    if not batches:
        return
    translator = runner.translator()
    ahead = 2 * translator.workers
    pool = ThreadPoolExecutor(ahead, thread_name_prefix="translate")
    waiting = iter(batches)
    running: dict[Future[list[Candidates]], Batch] = {}
    try:
        while True:
            for batch in waiting:
                running[pool.submit(_translate, batch, number, translator, runner)] = batch
                if len(running) >= ahead:
                    break
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _translate(batch: Batch, number: int, translator: Translator, runner: Runner) -> list[Candidates]:
    """One batch; halved, and halved again, where it does not fit into memory."""
    rung = LADDER[number]
    search = Search(
        beam_size=runner.decoding.beam_size,
        length_penalty=runner.decoding.length_penalty,
        max_tokens=output_cap(batch, runner),
        no_repeat_ngram=rung.no_repeat_ngram,
        disable_unk=rung.disable_unk,
        candidates=rung.candidates,
    )
    try:
        return translator.translate([item.tokens for item in batch], search)
    except OutOfMemory as error:
        if len(batch) == 1:
            raise ModelError(
                f"a text of {len(batch[0].tokens)} tokens does not fit into memory: {error}",
                hint="take a smaller beam_size, a smaller engine, or --device cpu",
            ) from error
    middle = len(batch) // 2
    halves = (batch[:middle], batch[middle:])
    return [row for half in halves for row in _translate(half, number, translator, runner)]


def _attempt(item: Item, outputs: Candidates, number: int, runner: Runner, lang: str) -> Attempt:
    """The first sound candidate, or else the best-scored one."""
    attempts = (_read(item, output, number, runner, lang) for output in outputs)
    first = next(attempts)
    return first if _sound(first.flags) else next((other for other in attempts if _sound(other.flags)), first)


def _read(item: Item, output: Hypothesis, number: int, runner: Runner, lang: str) -> Attempt:
    text = runner.tokenization.decode(output.tokens)
    if LADDER[number].stand_ins:
        text = without_stand_ins(text, with_stand_ins(item.text)[1])
    if LADDER[number].sentence and not item.text.endswith(_STOPS) and text.endswith(_STOPS):
        text = text[:-1].rstrip()  # the full stop was ours
    pieces = item.tokens[len(runner.tokenization.prefix) : -1]
    flags = find_flags(item.text, pieces, output.tokens, text, finished=output.finished, lang=lang)
    if runner.tokenization.too_long(item.tokens):
        flags = (*flags, "source_cut")
    score = float(np.float32(output.score))  # as the memory will give it back
    return Attempt(item.text, number, text, score, flags)


def _sound(flags: Sequence[str]) -> bool:
    """Whether nothing is wrong that another rung could mend."""
    return not any(flag in SEVERITY for flag in flags)


def _best(attempts: Sequence[Attempt]) -> Outcome:
    """The first sound attempt, or else the least bad one, the earlier first."""

    def badness(attempt: Attempt) -> int:
        return sum(2 ** (SEVERITY[flag] + 1) for flag in attempt.flags if flag in SEVERITY)

    best = min(attempts, key=lambda attempt: (badness(attempt), attempt.rung))
    return Outcome(best.text, best.score, best.flags, len(attempts) - 1)
