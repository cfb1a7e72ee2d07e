"""English that was left untranslated."""

from ..languages import language


def is_copy(source: str, text: str, lang: str) -> bool:
    """Whether the output is the English source. One word may be the same in both (``pizza``), in Latin script."""
    left, right = (_letters(value) for value in (source, text))
    return left == right and bool(left) and (len(left) > 1 or language(lang).script != "Latn")


def _letters(text: str) -> list[str]:
    kept = "".join(letter if letter.isalnum() else " " for letter in text.casefold())
    return [word for word in kept.split() if not word.isdigit()]
