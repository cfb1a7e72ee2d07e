"""Texts to translations: what is tried, when it is good enough, and what is tried next.

All distinct texts are translated once (the first *rung*). Those that came out wrong - looping, cut off, with a lost
number - are tried again on the next rung, which searches or writes the source differently, and so on up the ladder.
What no rung mends, and what is too long for the engine to read, is translated part by part.

Which texts climb to a rung, and which of them share a batch there, follows from the list of texts alone. So a run that
was killed and finds part of the answers in the memory decides just as one that was not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..engines.base import Candidate, Engine, Search
from ..engines.decoding import Decoding
from ..runners.base import Runner
from ..text.numbers import numbers_changed
from ..text.prepare import normalise, untranslatable
from .batches import Item, batch_key, plan_batches
from .engine_task import EngineTask
from .flags import FAILED, SEVERITY, UNTRANSLATABLE, find_flags
from .isolating import run_batches
from .kept import FIRST, as_kept, rounded, shelf
from .memory import Attempt, Space
from .parts import join_parts, split_parts
from .stand_ins import with_stand_ins, without_stand_ins

RETRY_BATCH_SHARE = 4  # a quarter of a batch: few rows are tried again, and all translators should have some
_STOPS = (".", "。", "।")


@dataclass(frozen=True)
class Rung:
    """One way to try.

    ``candidates``: of so many outputs the first sound one is taken. ``stand_ins``: rare numbers are replaced by
    common ones. ``sentence``: the source gets a capital and a full stop, which fragments lack.
    """

    candidates: int = 1
    stand_ins: bool = False
    no_repeat_ngram: int = 0
    disable_unk: bool = False
    sentence: bool = False

    def search(self, decoding: Decoding) -> Search:
        """How an engine is to search on this rung."""
        return Search(
            beam_size=decoding.beam_size,
            length_penalty=decoding.length_penalty,
            output_factor=decoding.max_length_factor,
            output_extra=decoding.max_length_extra,
            no_repeat_ngram=self.no_repeat_ngram,
            disable_unk=self.disable_unk,
            candidates=self.candidates,
        )


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
    score: float | None
    flags: tuple[str, ...]
    retries: int


@dataclass(frozen=True)
class Job:
    """Into which language, by which engine, searched how, remembered where, and run where.

    ``keep``: all that the first search's beam ends with is remembered, and not only the best.
    """

    lang: str
    task: EngineTask
    decoding: Decoding
    space: Space
    runner: Runner
    keep: bool = False


def first_search(decoding: Decoding) -> Search:
    """How all texts are searched at first: what the beam ends with comes for nothing, the best is taken."""
    return replace(LADDER[0].search(decoding), candidates=decoding.beam_size)


def distinct_texts(texts: Iterable[str]) -> list[str]:
    """The texts with a word to translate, each once, sorted: the first rung's."""
    return sorted({text for text in set(texts) if not untranslatable(text)})


def translate_texts(
    texts: Sequence[str], job: Job, progress: Callable[[int, int], None] | None = None
) -> dict[str, Outcome]:
    """Translates each distinct text once, by the memory where it can. Where no word is to translate the text is kept.

    ``progress(done, total)`` counts distinct texts of the first attempt.

    Raises:
        ModelError: the engine fails, or a single text does not fit into memory.
        WorkspaceError: the memory cannot be written.
    """
    distinct = distinct_texts(texts)
    kept = set(texts).difference(distinct)
    tried: dict[str, list[Attempt]] = {text: [] for text in distinct}
    encoded: dict[str, set[tuple[str, ...]]] = {text: set() for text in distinct}
    current = distinct
    for number, rung in enumerate(LADDER if job.decoding.retry else LADDER[:1]):
        items = [
            item
            for item in _items(current, rung, job.task.engine)
            # a caption without rare numbers, or read in lower case, has the same tokens: nothing new to try
            if not (rung.sentence or rung.stand_ins) or item.source.tokens not in encoded[item.text]
        ]
        for item in items:
            encoded[item.text].add(item.source.tokens)
        letters = {item.text: lost for item in items if (lost := _letters_without_a_word(tried[item.text])) is not None}
        for attempt in _attempts(items, number, job, letters, progress if number == 0 else None):
            tried[attempt.source].append(attempt)
        current = [text for text in current if not any(_over(attempt.flags) for attempt in tried[text])]
    outcomes = {text: _best(attempts) for text, attempts in tried.items()}
    outcomes |= {text: Outcome(text, None, (UNTRANSLATABLE,), 0) for text in kept}
    unread = [text for text in distinct if "source_cut" in outcomes[text].flags and text not in current]
    return outcomes | (_by_parts([*current, *unread], outcomes, job) if job.decoding.retry else {})


def _by_parts(texts: Sequence[str], outcomes: dict[str, Outcome], job: Job) -> dict[str, Outcome]:
    """The texts that are sound when translated part by part: every part is, and no number is lost or added."""
    parts = {text: cut for text in texts if len(cut := split_parts(text)) > 1}
    new = {part for cut in parts.values() for part in cut} - outcomes.keys()
    known = outcomes | (translate_texts(sorted(new), job) if new else {})
    mended = {}
    for text, cut in parts.items():
        found = [known[part] for part in cut]
        joined = join_parts([part.text for part in found], job.lang)
        if all(_sound(part.flags) for part in found) and numbers_changed(text, joined, job.lang) is None:
            scores = [part.score for part in found if part.score is not None]
            flags = dict.fromkeys(flag for part in found for flag in part.flags if flag != UNTRANSLATABLE)
            mended[text] = Outcome(
                joined, sum(scores) / len(scores) if scores else None, tuple(flags), outcomes[text].retries + 1
            )
    return mended


def as_sentence(text: str) -> str:
    """A fragment as a sentence: a capital in front, a full stop behind."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


def _items(texts: Sequence[str], rung: Rung, engine: Engine) -> list[Item]:
    written = [normalise(text) for text in texts]
    written = [as_sentence(text) for text in written] if rung.sentence else written
    written = [with_stand_ins(text)[0] for text in written] if rung.stand_ins else written
    return [Item(text, source) for text, source in zip(texts, engine.read(written), strict=True)]


def _attempts(
    items: list[Item], number: int, job: Job, letters: Mapping[str, int], progress: Callable[[int, int], None] | None
) -> Iterator[Attempt]:
    """An attempt on this rung at each item: whole batches from the memory, and the others translated now.

    ``letters``: of texts with a word that an earlier attempt had no piece for, how many letters that attempt has.
    """
    limit = job.decoding.batch_tokens if number == 0 else max(1, job.decoding.batch_tokens // RETRY_BATCH_SHARE)
    batches = {batch_key(batch): batch for batch in plan_batches(items, limit)}
    known = {key: found for key in batches if (found := job.space.get(key, number)) is not None}
    done = 0
    if progress:
        done = sum(len(batches[key]) for key in known)
        progress(done, len(items))
    missing = [batch for key, batch in batches.items() if key not in known]
    keep = job.keep and number == 0
    search = first_search(job.decoding) if keep else LADDER[number].search(job.decoding)
    for place, outputs in run_batches(missing, search, job.task, job.runner, whole=number == 0 and not known):
        batch = missing[place]
        attempts = [
            _attempt(item, found[:1] if keep else found, number, job.lang, letters.get(item.text, -1))
            for item, found in zip(batch, outputs, strict=True)
        ]
        key = batch_key(batch)
        failed = any(FAILED in attempt.flags for attempt in attempts)  # to be tried again by the next run
        known[key] = attempts
        if not failed:
            job.space.extend({key: attempts} | ({shelf(batch, FIRST, search): as_kept(batch, outputs)} if keep else {}))
        if progress:
            done += len(batch)
            progress(done, len(items))
    for key in batches:
        yield from known[key]


def _attempt(item: Item, outputs: Sequence[Candidate], number: int, lang: str, letters: int) -> Attempt:
    """The first sound candidate, or else the best-scored one."""
    attempts = (_read(item, output, number, lang, letters) for output in outputs)
    first = next(attempts)
    return first if _sound(first.flags) else next((other for other in attempts if _sound(other.flags)), first)


def _read(item: Item, output: Candidate, number: int, lang: str, letters: int) -> Attempt:
    text, read = output.text, normalise(item.text)
    if LADDER[number].stand_ins:
        text = without_stand_ins(text, with_stand_ins(read)[1])
    if LADDER[number].sentence and not item.text.endswith(_STOPS) and text.endswith(_STOPS):
        text = text[:-1].rstrip()  # the full stop was ours
    flags = find_flags(read, text, item.source, output, lang)
    if "unknown" not in flags and _letters(text) <= letters:
        flags = (*flags, "unknown")  # no longer than the attempt that lacked a word: the word is still not there
    return Attempt(item.text, number, text, rounded(output.score), flags)


def _letters_without_a_word(attempts: Sequence[Attempt]) -> int | None:
    """How many letters the first attempt has that lacks a word for want of a piece, if one does."""
    return next((_letters(attempt.text) for attempt in attempts if "unknown" in attempt.flags), None)


def _letters(text: str) -> int:
    return sum(letter.isalnum() for letter in text)


def _sound(flags: Sequence[str]) -> bool:
    """Whether nothing is wrong that another rung could mend."""
    return not any(flag in SEVERITY for flag in flags)


def _over(flags: Sequence[str]) -> bool:
    """Whether a text needs no further rung: it is sound, or no engine survives it."""
    return _sound(flags) or FAILED in flags


def _best(attempts: Sequence[Attempt]) -> Outcome:
    """The first sound attempt, or else the least bad one, the earlier first."""

    def badness(attempt: Attempt) -> int:
        return sum(2 ** (SEVERITY[flag] + 1) for flag in attempt.flags if flag in SEVERITY)

    best = min(attempts, key=lambda attempt: (badness(attempt), attempt.rung))
    return Outcome(best.text, best.score, best.flags, len(attempts) - 1)
