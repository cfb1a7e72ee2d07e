"""``mycook validate BUILD --calibrate FILE``: readers' marks of a build's rows refit its ``quality``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DatasetError, shown
from ..files import atomic_write, json_bytes
from ..quality.estimation import CALIBRATION_FILE, SIGNALS, calibration_of, probability_kept, shipped, signal_matrix
from ..quality.review.lessons import marks_by_review
from ..quality.review.overlay import Reviews
from ..quality.settings import MIN_QUALITY
from .checking import checked_rows, machine_texts
from .opening import OpenBuild
from .translating import NO_ENGINE

if TYPE_CHECKING:
    from ..quality.fitting import Discrimination, Marked
    from ..quality.marks import Mark

Fitted = Mapping[str, "tuple[Discrimination, Discrimination]"]  # by language, before and after
FEWEST = 10  # marks of each kind


def calibrate_build(build: OpenBuild, path: Path) -> "Fitted":
    """Fit ``quality`` on marks of a build's rows; it is kept in ``BUILD/calibration.json`` and counts from now on.

    The marks are a file's, or what was said in the build's own reviews where ``path`` is ``BUILD/reviews``.

    Returns:
        By language how well the marked rows are told apart by the calibration that ships, and by the new one on clips
        that it has not seen.

    Raises:
        DatasetError: the marks cannot be read, are too few, or none belongs to a row of the build.
    """
    import numpy as np

    from ..quality.fitting import Discrimination, quality_odds, refit, unseen_odds
    from ..quality.marks import read_marks

    calibration_of(build.workspace.root)  # what is there is ours, or it is refused
    targets = build.recipe.targets
    reviews = Reviews(build.workspace.root)
    own = path.resolve() == reviews.folder.resolve()
    marks = _by_review(build, reviews) if own else read_marks(path, targets)
    by_lang = {lang: [mark for mark in marks if mark.lang == lang] for lang in targets}
    judged = [_marked(build, lang, found, path) for lang, found in by_lang.items() if found]
    marked, engines = _together([rows for rows, _ in judged]), sorted(set().union(*(names for _, names in judged)))
    wrong = int(marked.wrong.sum())
    if min(wrong, len(marked.wrong) - wrong) < FEWEST:
        raise DatasetError(
            f"{shown(path)} marks {len(marked.wrong) - wrong} rows as kept and {wrong} as not",
            hint=f"a fit takes {FEWEST} of each kind at least",
        )
    prior = shipped()
    atomic_write(build.workspace.root / CALIBRATION_FILE, json_bytes(refit(marked, prior, engines).model_dump()))
    odds = quality_odds(prior, marked)
    new = unseen_odds(marked, lambda seen, unseen: quality_odds(refit(seen, prior, engines), unseen))
    threshold = build.recipe.checks.min_quality or MIN_QUALITY
    langs = np.array(marked.langs)
    before, after = (
        {
            lang: Discrimination.of(probability_kept(values[langs == lang]), marked.wrong[langs == lang], threshold)
            for lang in dict.fromkeys(marked.langs)
        }
        for values in (odds, new)
    )
    return {lang: (before[lang], after[lang]) for lang in before}


def _by_review(build: OpenBuild, reviews: Reviews) -> "list[Mark]":
    """The marks that the build's own reviews are."""
    rows = (checked_rows(build.results, lang, build.recipe.source_language)[1] for lang in build.recipe.targets)
    return [mark for machine in rows for mark in marks_by_review(reviews, machine_texts(machine))]


def _marked(build: OpenBuild, lang: str, marks: "Sequence[Mark]", path: Path) -> "tuple[Marked, set[str]]":
    """Marked rows of a language as its other rows judge them, and the engines of the build's rows of those captions."""
    import numpy as np

    from ..quality.check import Batch, Context, run_checks
    from ..quality.fitting import Marked
    from ..quality.table import caption_keys, learn

    complete = build.recipe.engine_for(lang) != NO_ENGINE
    source_lang = build.recipe.source_language
    source, machine = checked_rows(build.results, lang, source_lang, complete=complete)
    keys = caption_keys(source)
    english = dict(zip(keys, source["text"].to_pylist(), strict=True))
    texts = dict(zip(keys, machine["text"].to_pylist(), strict=True))
    rows = [mark for mark in marks if (mark.clip_id, mark.caption_index) in english]
    if len(rows) < len(marks):
        lost = next(mark for mark in marks if (mark.clip_id, mark.caption_index) not in english)
        raise DatasetError(
            f"{shown(path)}: {lost.clip_id} is no clip of the build's machine translations into {lang}"
            f" ({len(marks) - len(rows)} such rows)",
            hint="leave those rows out, or give the build that was marked",
        )
    captions = [english[mark.clip_id, mark.caption_index] for mark in rows]
    said = [mark.text or texts[mark.clip_id, mark.caption_index] or "" for mark in rows]
    batch = Batch.of(lang, captions, said, source_lang)
    learned = learn(source, machine, lang, source_lang)  # not from reviews, where what was accepted vouches for itself
    found = run_checks(batch, Context(batch, learned=learned), ["empty", *SIGNALS])
    wrong = np.array([not mark.kept for mark in rows], float)
    marked = Marked(signal_matrix(found, SIGNALS), wrong, [lang] * len(rows), [mark.clip_id for mark in rows])
    engines = dict(zip(keys, machine["model"].to_pylist(), strict=True))
    return marked, {engines[mark.clip_id, mark.caption_index] for mark in rows} - {""}


def _together(parts: "Sequence[Marked]") -> "Marked":
    import numpy as np

    from ..quality.fitting import Marked

    if not parts:
        return Marked(np.zeros((0, len(SIGNALS))), np.zeros(0), [], [])
    return Marked(
        np.concatenate([part.signals for part in parts]),
        np.concatenate([part.wrong for part in parts]),
        [lang for part in parts for lang in part.langs],
        [clip for part in parts for clip in part.clips],
    )
