"""What becomes of a caption's text before it is used, and how a value of somebody's file is shown in a message."""

import json
import unicodedata

MAX_CHARACTERS = 1000  # the longest caption of YouCook2 has 249
CLEANING_FLAGS = ("control_characters", "whitespace", "cut", "video_url_repaired")  # what cleaning may change
_SHOWN = 60  # characters of a value in a message


def clean_caption(text: str) -> tuple[str, list[str]]:
    """A caption without control characters, with single spaces, at most 1,000 characters; and what had to be changed.

    >>> clean_caption("cut\\x07 the  onion ")
    ('cut the onion', ['control_characters', 'whitespace'])
    """
    if _is_clean(text):
        return text, []
    flags = []
    kept = "".join(_visible(c) for c in text)
    if kept != text:
        flags.append("control_characters")
    if " ".join(text.split()) != text:
        flags.append("whitespace")
    single = " ".join(kept.split())
    if len(single) > MAX_CHARACTERS:
        single = single[: MAX_CHARACTERS + 1].rpartition(" ")[0] or single[:MAX_CHARACTERS]
        flags.append("cut")
    return unicodedata.normalize("NFC", single), flags


def _is_clean(text: str) -> bool:
    """Whether there is nothing to do, as for nearly every caption: told in half a microsecond."""
    return (
        text.isprintable()  # no control or format character, no blank but the space
        and "  " not in text
        and text[:1] != " "
        and text[-1:] != " "
        and len(text) <= MAX_CHARACTERS
        and (text.isascii() or unicodedata.is_normalized("NFC", text))
    )


def _visible(character: str) -> str:
    """The character; a space for a control, surrogate or unassigned one; nothing for a format one (soft hyphen)."""
    category = unicodedata.category(character)
    if category[0] != "C" or character.isspace():
        return character
    return "" if category == "Cf" else " "


def shown(value: object) -> str:
    """A value of a file in a message: escaped, and short."""
    try:
        text = ascii(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
    except (TypeError, ValueError):  # an array, a date
        text = ascii(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
