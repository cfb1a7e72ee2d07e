"""What reviewers read of a finished build: its rows to review, and the captions in all its languages."""

from collections.abc import Mapping

from ..errors import WorkspaceError
from ..quality.review.worklist import Worklist, make_worklist
from .checking import verdicts_of
from .opening import OpenBuild
from .reading import CAPTIONS, CLIPS
from .translating import translations_of

_SHOWN = ("clip_id", "caption_index", "text")


def open_worklists(build: OpenBuild, langs: tuple[str, ...] | None = None) -> Mapping[str, Worklist]:
    """The rows to review of a build that was validated, a list a language.

    Raises:
        WorkspaceError: nothing is validated, or a language is not.
    """
    results, folder = build.results, build.workspace.root
    known = [lang for lang in build.recipe.targets if results.have([verdicts_of(lang)])]
    if not known:
        raise WorkspaceError(f"{folder} holds no validated build", hint="mycook validate, or mycook build, first")
    for lang in langs or ():
        if lang not in known:
            raise WorkspaceError(f"{folder} has not validated {lang!r}", hint=f"it has {', '.join(known)}")
    source, clips, captions = build.recipe.source_language, results[CLIPS], results[CAPTIONS]
    return {
        lang: make_worklist(lang, source, clips, captions, results[translations_of(lang)], results[verdicts_of(lang)])
        for lang in langs or known
    }


def texts_by_caption(build: OpenBuild) -> dict[tuple[str, int], dict[str, str]]:
    """What each caption, by clip and index, is in the languages of a build; people's translations are among them."""
    found: dict[tuple[str, int], dict[str, str]] = {}
    for lang in build.recipe.targets:
        table = build.results[translations_of(lang)]
        for clip_id, index, text in zip(*(table[name].to_pylist() for name in _SHOWN), strict=True):
            found.setdefault((clip_id, index), {})[lang] = text or ""
    return found
