"""The checks of a translated caption, one small function a rule: what is wrong, in words, or ``None``."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pyarrow as pa

from ..corpus.tables import REJECTION
from ..errors import WorkspaceError
from ..languages import language
from ..text.language_id import mixes_chinese_and_japanese, script_share, surely_other
from ..text.numbers import numbers_changed
from .settings import Checks

# Median characters of a translation for each of its English source, measured on 13,000 to 20,000 human ones a language.
EXPECTED_LENGTH = {"de": 1.19, "fr": 1.21, "cs": 0.90, "zh": 0.31, "ru": 0.97, "vi": 1.03, "es": 1.05, "ja": 0.50}
SMOOTHING = 8  # characters added to both sides, so that a ratio of two words says little
FATAL_FLAGS = ("empty", "loop", "truncated", "copy")  # of the translation engine, after all retries
_LONGEST_REPEATED = 6  # letters where words are not spaced, words elsewhere


@dataclass(frozen=True)
class Row:
    """One translation beside its source."""

    caption: str
    text: str
    lang: str
    flags: tuple[str, ...] = ()


def engine(row: Row, checks: Checks) -> str | None:
    """The engine gave up on the row."""
    found = [flag for flag in FATAL_FLAGS if flag in row.flags and flag != "empty"]
    return f"the engine reports: {', '.join(found)}" if found else None


def empty(row: Row, checks: Checks) -> str | None:
    """There is neither a letter nor a digit."""
    return None if any(character.isalnum() for character in row.text) else "no letter and no digit"


def script(row: Row, checks: Checks) -> str | None:
    """Too few of the letters are in the language's script."""
    share = script_share(row.text, row.lang)
    if checks.script_share is None or share is None:
        return None
    if share < checks.script_share:
        return f"{share:.0%} of the letters are in the script {language(row.lang).script}"
    return mixes_chinese_and_japanese(row.text, row.lang)


def other_language(row: Row, checks: Checks) -> str | None:
    """The text is surely in another language."""
    found = surely_other(row.text, row.lang) if checks.language else None
    return f"looks like {found[0]} (probability {found[1]:.2f})" if found else None


def length_ratio(row: Row, checks: Checks) -> str | None:
    """Far shorter or longer than translations of such a caption are."""
    if checks.length_ratio is None:
        return None
    low, high = checks.length_ratio
    expected = len(row.caption) * EXPECTED_LENGTH.get(row.lang, 1.0)
    ratio = (len(row.text) + SMOOTHING) / (expected + SMOOTHING)
    return None if low <= ratio <= high else f"{ratio:.2f} times the expected length"


def repetition(row: Row, checks: Checks) -> str | None:
    """The same words (letters, where words are not spaced) again and again, and not so in the caption."""
    if checks.repetition is None:
        return None
    unspaced = language(row.lang).script in ("Hans", "Jpan")
    said = max(count for count, _ in _repeats(_words(row.caption)))
    count, unit = max(
        _repeats([c for c in row.text if c.isalnum()] if unspaced else _words(row.text)), key=lambda found: found[0]
    )
    if count < checks.repetition or said >= checks.repetition:
        return None
    return f"{('' if unspaced else ' ').join(unit)!r} {count} times in a row"


def numbers(row: Row, checks: Checks) -> str | None:
    """A number of the caption is lost, or one is added."""
    return numbers_changed(row.caption, row.text, row.lang) if checks.numbers else None


def copies(row: Row, checks: Checks) -> str | None:
    """The English stands there untranslated: all of it, or four words of five where there are five or more."""
    if not checks.copies:
        return None
    source, target = _words(row.caption), _words(row.text)
    if source == target and len(source) > 2:
        return "the caption untranslated"
    kept = sum(word in set(source) for word in target)
    if len(target) >= 5 and kept >= 0.8 * len(target):
        return f"{kept} of {len(target)} words untranslated"
    return None


RULES: dict[str, Callable[[Row, Checks], str | None]] = {
    "empty": empty,
    "engine": engine,
    "copies": copies,
    "script": script,
    "language": other_language,
    "length_ratio": length_ratio,
    "repetition": repetition,
    "numbers": numbers,
}


def check_row(row: Row, checks: Checks) -> list[tuple[str, str]]:
    """All that is wrong with one row, as (check, reason); an empty row is only that."""
    found = [(name, reason) for name, rule in RULES.items() if (reason := rule(row, checks))]
    return [pair for pair in found if pair[0] == "empty"] or found


def check_coverage(clips: pa.Table, translations: pa.Table, lang: str) -> None:
    """Each clip is translated exactly once, in the clips' order.

    Raises:
        WorkspaceError: it is not so; the message says how many are missing, doubled or unknown.
    """
    wanted, found = clips.column("clip_id").to_pylist(), translations.column("clip_id").to_pylist()
    langs = set(translations.column("lang").to_pylist())
    if wanted == found and langs <= {lang}:
        return
    missing, unknown = len(set(wanted) - set(found)), len(set(found) - set(wanted))
    doubled = len(found) - len(set(found))
    raise WorkspaceError(
        f"the translations into {lang} do not match the clips: {missing} missing, {doubled} doubled, {unknown} unknown",
        hint="remove the build's folder objects/ and build again; the translation memory keeps the work",
    )


def check_table(clips: pa.Table, translations: pa.Table, lang: str, checks: Checks) -> pa.Table:
    """The rejections of one language, schema ``records.REJECTION``: a row for each check that a translation fails."""
    check_coverage(clips, translations, lang)
    columns = (clips.column("caption"), translations.column("text"), translations.column("flags"))
    rejected = []
    for clip_id, caption, text, flags in zip(
        clips.column("clip_id").to_pylist(), *(column.to_pylist() for column in columns), strict=True
    ):
        for name, reason in check_row(Row(caption, text or "", lang, tuple(flags or ())), checks):
            rejected.append({"clip_id": clip_id, "lang": lang, "check": name, "reason": reason})
    return pa.Table.from_pylist(rejected, schema=REJECTION)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _repeats(tokens: list[str]) -> Iterable[tuple[int, tuple[str, ...]]]:
    """For each n-gram length up to six, how often one stands back to back at most, and which."""
    yield 1, tuple(tokens[:1])
    for size in range(1, min(_LONGEST_REPEATED, len(tokens) // 2) + 1):
        same = 0
        for place in range(size, len(tokens)):
            same = same + 1 if tokens[place] == tokens[place - size] else 0
            if same and same % size == 0:
                yield 1 + same // size, tuple(tokens[place - size + 1 : place + 1])
