"""Points at captions with a term whose name in the glossary the translation lacks."""

from ..check import Row, row_check
from ..glossary import glossary as terms_of
from ..settings import Checks


@row_check("glossary", severity="signal")
def glossary(row: Row, checks: Checks) -> str | None:
    """A term of the user's glossary or of the lexicon that ships has none of its names in the text."""
    missing = terms_of(row.lang, checks.glossary).missing(row.caption, row.text)
    return f"not as the glossary has it: {', '.join(missing)}" if missing else None
