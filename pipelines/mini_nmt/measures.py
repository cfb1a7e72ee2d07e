"""What is measured of translations: nearness to references, numbers kept, words said twice, lists read off exactly."""

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Any

import pyarrow as pa

from multiyoucook2.quality.check import Row
from multiyoucook2.quality.checks.empty import empty
from multiyoucook2.quality.checks.repetition import repetition
from multiyoucook2.quality.settings import Checks
from multiyoucook2.text.language_id import script_share
from multiyoucook2.text.numbers import numbers_changed

from .grammar import MODULES, Sampler, load_language
from .grammar.base import Clause, NounPhrase, PlacePhrase
from .grammar.english import FOOD
from .leakage import GRAMMATICAL, words

BLEU_TOKENIZER = {"zh": "zh", "ja": "char"}
PAIRED = {"vi"}  # words of one syllable each, so that two in a row are compared
LIST_SEPARATOR = re.compile(r", | (?:und|et|a|и|và|y|e) |[、和]|(?<=.)と(?=.)")


def reference_scores(hypotheses: list[str], references: list[list[str]], lang: str) -> dict[str, Any]:
    """chrF and BLEU of a corpus, with 95% bootstrap intervals (1,000 resamples) and sacrebleu's signatures.

    ``references`` is a list for each translator.
    """
    from sacrebleu.metrics import BLEU, CHRF

    scores: dict[str, Any] = {}
    for name, metric in (("chrf", CHRF()), ("bleu", BLEU(tokenize=BLEU_TOKENIZER.get(lang, "13a")))):
        score = metric.corpus_score(hypotheses, references, n_bootstrap=1000)
        scores |= {name: round(float(score.score), 1), f"{name}_interval": round(float(score._ci), 1)}
        scores[f"{name}_signature"] = str(metric.get_signature())
    return scores


def said_twice(caption: str, text: str, lang: str) -> str | None:
    """A content word that the translation repeats though the caption repeats none, or None.

    Words are compared by their first five letters, syllables of Vietnamese by pairs, Chinese characters and katakana
    by pairs, too. It is rough: two verbs may rightly come out as one and the same.
    """
    stems = [word[:5] for word in words(caption) if word not in GRAMMATICAL]
    if len(set(stems)) < len(stems):
        return None
    if lang in {"zh", "ja"}:
        runs = re.findall(r"[\u4e00-\u9fff]{2,}|[\u30a1-\u30fa\u30fc]{2,}", text)
        units = [run[i : i + 2] for run in runs for i in range(len(run) - 1)]
    elif lang in PAIRED:
        syllables = words(text)
        units = [f"{first} {second}" for first, second in pairwise(syllables)]
    else:
        units = [word[:5] for word in words(text) if len(word) > 4]
    return next((unit for unit, count in Counter(units).items() if count > 1 and not unit.isdigit()), None)


def caption_counts(captions: list[str], texts: list[str], flags: list[list[str]], lang: str) -> Counter[str]:
    """How many translations are in the right script, empty, looping, copied, repeat a word, and keep the numbers."""
    count: Counter[str] = Counter()
    for caption, text, row_flags in zip(captions, texts, flags, strict=True):
        row, share = Row(caption, text, lang, tuple(row_flags)), script_share(text, lang)
        count["script"] += share is None or share >= 0.5
        count["empty"] += empty(row, Checks()) is not None
        count["looping"] += "loop" in row_flags or repetition(row, Checks()) is not None
        count["copied"] += "copy" in row_flags
        count["said_twice"] += said_twice(caption, text, lang) is not None
        if any(character.isdigit() for character in caption):
            count["with_number"] += 1
            count["number_kept"] += numbers_changed(caption, text, lang) is None
    return count


def caption_shares(table: pa.Table, captions: list[str], lang: str) -> dict[str, float]:
    """Percentages over real captions that need no reference; language by lingua among the nine languages."""
    from lingua import Language, LanguageDetectorBuilder

    by_code = {language.iso_code_639_1.name.lower(): language for language in Language.all()}
    detector = LanguageDetectorBuilder.from_languages(*(by_code[code] for code in ("en", *MODULES))).build()
    texts = table.column("text").to_pylist()
    count = caption_counts(captions, texts, table.column("flags").to_pylist(), lang)
    detected = detector.detect_languages_in_parallel_of(texts)
    count["language"] = sum(found == by_code[lang] for found in detected)
    keys = ("language", "script", "empty", "looping", "copied", "said_twice")
    shares = {key: 100 * count[key] / len(texts) for key in keys}
    numbers_kept = 100 * count["number_kept"] / max(1, count["with_number"])
    return shares | {"numbers_kept": numbers_kept, "captions": len(texts)}


@dataclass(frozen=True)
class HeldOutList:
    """A list of nouns that nobody has seen together, and what each is called in the language."""

    english: str
    items: list[str]

    def kept(self, text: str) -> int:
        """How many items stand in ``text``, in order."""
        place = kept = 0
        for item in self.items:
            found = text.find(item, place)
            if found >= 0:
                place, kept = found + len(item), kept + 1
        return kept

    def exact(self, text: str) -> bool:
        """Whether all items stand in ``text`` in order, each as often as in the list."""
        once = all(text.count(item) == sum(other.count(item) for other in self.items) for item in self.items)
        return once and self.kept(text) == len(self.items)


def shared_start(texts: Sequence[str]) -> int:
    """How many characters all texts begin with alike."""
    return sum(1 for _ in takewhile(lambda characters: len(set(characters)) == 1, zip(*texts, strict=False)))


def held_out_lists(lang: str, count: int, seed: int = 20_000) -> list[HeldOutList]:
    """``count`` lists of two to nine nouns for "add ... to the pan", half of them without commas."""
    rng, language, sampler = random.Random(seed), load_language(lang), Sampler(seed)
    rows = [row for row in sampler.nouns.values() if row["class"] in FOOD]
    english, targets = [], []
    for index in range(count):
        chosen = rng.sample(rows, 2 + index % 8)
        names = [row["text"] for row in chosen]
        english.append(f"add {(', ', ' ')[index // 8 % 2].join(names[:-1])} and {names[-1]} to the pan")
        nouns = [NounPhrase(row["id"], row["class"], row["number"]) for row in chosen]
        clause = Clause("add_food_to_place_to", {"food": [*nouns], "place": PlacePhrase("pan", "the")})
        targets.append(language.realise([clause]))
    # What all have in common is the verb and the pan.
    before, after = shared_start(targets), shared_start([text[::-1] for text in targets])
    items = [text[before : len(text) - after] for text in targets]
    return [HeldOutList(left, LIST_SEPARATOR.split(right)) for left, right in zip(english, items, strict=True)]
