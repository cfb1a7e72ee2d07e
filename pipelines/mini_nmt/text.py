"""The pairs of the training text, part by part; each part leaves out what leaks a caption of the bundled corpus."""

import csv
import gzip
import math
import random
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from multiyoucook2.sources.youcook2 import read_clips

from .grammar import MODULES, Sampler, load_language
from .grammar.base import Clause, NounPhrase, TargetLanguage
from .leakage import LeakFilter, mini_captions, words
from .real import REAL, development_clips, read_translations, training_captions

HANDWRITTEN = Path(__file__).parent / "handwritten"
PARTS = ("grammar", "lists", "handwritten", "general", "lexicon", "real", "own")
LONGEST_JOINED = 26  # words; few captions of YouCook2 are longer than 20
NUMBER = re.compile(r"\d+(?:/\d+)?")
FRACTIONS = ("1/2", "1/3", "1/4", "3/4", "1/8", "2/3")
Pair = tuple[str, str, str, str]  # part, language, English, target


def clean_english(text: str) -> str:
    """As the model sees English, in training and in use: NFC, lower case, single spaces, no final full stop."""
    return re.sub(r"\s*\.$", "", " ".join(unicodedata.normalize("NFC", text).lower().split()))


def renumber(english: str, target: str, rng: random.Random) -> tuple[str, str]:
    """The caption with other numbers, where both sides have a number just once, in digits.

    Fractions change to fractions, and numbers from 5 on that do not end in 1 to 4, which ask for the same plural in
    all nine languages, to such numbers with as many digits. The model learns to copy numbers, not to know some.
    """
    left, right = NUMBER.findall(english), NUMBER.findall(target)
    others: dict[str, str] = {}
    for number in left:
        if left.count(number) == right.count(number) == 1:
            if number in FRACTIONS:
                others[number] = rng.choice(FRACTIONS)
            elif number.isdigit() and number[-1] not in "1234" and 5 <= int(number) < 1000:
                first = str(rng.randrange(10 ** (len(number) - 2), 10 ** (len(number) - 1))) if len(number) > 1 else ""
                others[number] = first + rng.choice("0005556789" if first else "56789")
    if len(set(others.values()) | set(left) - set(others)) < len(set(left)):
        return english, target  # two numbers would become one
    return (
        NUMBER.sub(lambda match: others.get(match[0], match[0]), english),
        NUMBER.sub(lambda match: others.get(match[0], match[0]), target),
    )


def grammar_pairs(code: str, count: int, lists: int, seed: int) -> list[Pair]:
    """``count`` captions and ``lists`` lists of the grammar in one language, the leaking ones left out.

    Every noun is there at least five times.
    """
    language, guard = load_language(code), LeakFilter(mini_captions())
    sampler = Sampler(seed=seed * 100 + sorted(MODULES).index(code))
    nouns = [noun for noun in sampler.nouns for _ in range(5)]
    captions = [("grammar", sampler.noun_caption(noun)) for noun in nouns]
    captions += [("grammar", sampler.caption()) for _ in range(count - len(nouns))]
    captions += [("lists", sampler.list_caption()) for _ in range(lists)]
    rng, pairs = random.Random(seed), []
    for part, caption in captions:
        english, target = clean_english(caption.english), language.realise(caption.clauses, caption.opener)
        if rng.random() < 0.7:
            english, target = renumber(english, target, rng)
        if guard.caption_in(english) is None:
            pairs.append((part, code, english, target))
    return pairs


def joined(written: list[tuple[str, str]], language: TargetLanguage, rng: random.Random) -> list[tuple[str, str]]:
    """Longer captions of two or three in a row: a model that sees short ones only drops half of a long one.

    The grammar joins them, so only captions are taken that it leaves as they are when they stand alone.
    """
    fit = [
        pair
        for pair in written
        if language.can_join(pair[1]) and language.finish(language.clauses([pair[1]])) == pair[1]
    ]
    shuffled, pairs = rng.sample(fit, len(fit)), []
    for start in range(len(shuffled) - 1):
        (english, *more), targets = zip(*shuffled[start : start + rng.choice((2, 2, 3))], strict=True)
        for text in more:
            english += rng.choices((" and ", " then ", " and then ", ", ", " "), (55, 10, 8, 9, 18))[0] + text
        if len(english.split()) <= LONGEST_JOINED:
            pairs.append((english, language.finish(language.clauses(list(targets)))))
    return pairs


def handwritten_pairs(code: str) -> list[Pair]:
    """The hand-written captions of one language and what is made from them."""
    english, target = ((HANDWRITTEN / f"{name}.txt").read_text("utf-8").splitlines() for name in ("en", code))
    return varied("handwritten", code, list(zip(english, target, strict=True)))


def real_pairs(code: str, annotations: Path) -> list[Pair]:
    """The real captions of one language and what is made from them; none that a development clip has, too."""
    clips, translations = read_clips(annotations), read_translations(REAL / f"{code}.tsv")
    measured = {clean_english(text) for text in training_captions(clips, development_clips())}
    written = zip(training_captions(clips, translations), translations.values(), strict=True)
    return varied("real", code, [(en, text) for en, text in written if clean_english(en) not in measured])


def own_pairs(code: str, build: Path, quality: float) -> list[Pair]:
    """What an earlier model made of the real training captions, where its ``quality`` (0 to 1) is at least that much.

    A build translates several ways and keeps the best where the first is doubtful: from these pairs the model learns
    to say at once what it said at the second attempt (self-training). Captions that were translated by hand, and
    those of the development clips, are left out.
    """
    table = pq.read_table(
        build / "dataset" / code / "train.parquet", columns=["clip_id", "caption_en", "caption", "quality"]
    )
    rows = table.filter(pc.greater_equal(table["quality"], quality)).to_pylist()
    measured = set(development_clips())
    held_out = {clean_english(row["caption_en"]) for row in table.to_pylist() if row["clip_id"] in measured}
    by_hand, guard = read_translations(REAL / f"{code}.tsv").keys(), LeakFilter(mini_captions())
    written = [(clean_english(row["caption_en"]), row["caption"]) for row in rows if row["clip_id"] not in by_hand]
    return [("own", code, en, text) for en, text in written if en not in held_out and guard.caption_in(en) is None]


def varied(part: str, code: str, written: list[tuple[str, str]]) -> list[Pair]:
    """Captions translated by people: as they are, with other numbers, joined; leaking ones left out."""
    guard, rng = LeakFilter(mini_captions()), random.Random(0)
    written = [(clean_english(en), text) for en, text in written]
    renumbered = [renumber(*pair, rng) for pair in written for _ in range(2)]
    # Most captions have no number, and come out of renumbering as they were.
    every = dict.fromkeys([*written, *renumbered, *joined(written, load_language(code), rng)])
    return [(part, code, en, text) for en, text in every if guard.caption_in(en) is None]


def lexicon_pairs(code: str) -> list[Pair]:
    """Nouns by themselves, with and without an article, as the grammar words them."""
    language, sampler, pairs = load_language(code), Sampler(seed=0), []
    for key, row in sampler.nouns.items():
        caption = Clause("add_food", {"food": [NounPhrase(key, row["class"], row["number"], "the")]})
        pairs.append(("lexicon", code, f"add the {row['text']}", language.realise([caption])))
    return pairs


def general_pairs(folder: Path, code: str, count: int, domain: Counter[str]) -> list[Pair]:
    """The ``count`` parallel sentences nearest to the domain: short, and made of words that captions use.

    Capitals at the start go where the word is mostly written small elsewhere, final full stops go too, so that the
    style is that of captions.
    """
    path = folder / f"en-{code}.tsv.gz"
    if not path.exists():
        return []
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if len(row) == 3]
    inner = Counter(word for *_, target in rows for word in target.split()[1:])
    guard, scored = LeakFilter(mini_captions()), []
    for source, english, target in rows:
        tokens = words(english)
        if not 1 <= len(tokens) <= 14:
            continue
        fit = sum(math.log1p(domain[word]) for word in tokens) / len(tokens)
        scored.append((fit + (100 if source.endswith("lexicon") else 0), english, target))
    scored.sort(key=lambda row: (-row[0], row[1], row[2]))
    pairs: list[Pair] = []
    for _, english, target in scored:
        if len(pairs) == count:
            break
        if guard.caption_in(english) is None:
            first, *rest = target.split(" ", 1)
            if inner[first.lower()] > inner[first]:
                first = first.lower()
            target = unicodedata.normalize("NFC", " ".join([first, *rest]))
            pairs.append(("general", code, clean_english(english), re.sub(r"\s*[.。]$", "", target)))
    return pairs
