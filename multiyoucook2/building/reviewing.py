"""Reviews meet builds: what people said changes what is published, and the tables of a finished build are opened."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..corpus.keys import caption_names, names_of, replaced
from ..corpus.tables import HUMAN, REJECT, TRANSLATION, VERDICT
from ..errors import WorkspaceError
from ..quality.review.overlay import Key, Outcome, Reviews
from ..quality.review.worklist import Worklist, make_worklist
from .checking import verdicts_of
from .reading import CAPTIONS, CLIPS
from .stage import Key as FileKey
from .translating import translations_of
from .workspace import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

CHECK = "review"  # as verdicts name a person's refusal


def apply_reviews(
    translations: "pa.Table", verdicts: "pa.Table", reviews: Reviews
) -> "tuple[pa.Table, pa.Table, set[tuple[str, int]]]":
    """A language's translations and verdicts after its reviews, and the captions that people confirmed.

    An accepted row loses the verdicts that refused it; an edited one has the person's text, origin ``human``; a
    rejected one gets a verdict. Where a text was another when it was edited, the flag ``review_stale`` says so, where
    reviewers differ, ``review_disagreement``; the latest one's word holds.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    said = names_of({(clip, index) for actions in reviews.latest().values() for clip, index, _ in actions})
    places = pc.indices_nonzero(pc.is_in(caption_names(translations), value_set=said))
    rows = dict(zip(places.to_pylist(), translations.take(places).to_pylist(), strict=True))
    outcomes = reviews.outcomes({_key(row): row["text"] or "" for row in rows.values()})
    if not outcomes:
        return translations, verdicts, set()
    for row in rows.values():
        if outcome := outcomes.get(_key(row)):
            _apply(row, outcome)
    reviewed = {(clip, index) for clip, index, _ in outcomes}
    refused = pc.and_(
        pc.equal(verdicts["severity"], REJECT), pc.is_in(caption_names(verdicts), value_set=names_of(reviewed))
    )
    refusals = [_refusal(key, outcome) for key, outcome in outcomes.items() if outcome.action == "reject"]
    return (
        replaced(translations, rows, pa.Table.from_pylist(list(rows.values()), TRANSLATION)),
        pa.concat_tables([verdicts.filter(pc.invert(refused)), pa.Table.from_pylist(refusals, VERDICT)]),
        reviewed,
    )


def _apply(row: dict[str, Any], outcome: Outcome) -> None:
    flags = {"review_stale": outcome.stale, "review_disagreement": outcome.disagree}
    row["flags"] = [*(row["flags"] or ()), *(flag for flag, there in flags.items() if there)]
    if outcome.action == "edit":
        row.update(text=outcome.text, origin=HUMAN, score=None, model="", revision="", license="", decode_hash="")


def _refusal(key: Key, outcome: Outcome) -> dict[str, Any]:
    clip_id, caption_index, lang = key
    found = {"clip_id": clip_id, "caption_index": caption_index, "lang": lang, "check": CHECK, "severity": REJECT}
    return {**found, "reason": f"rejected by {outcome.reviewer}", "score": 1.0}


def open_worklists(build: Path, langs: "tuple[str, ...] | None" = None) -> Mapping[str, Worklist]:
    """The rows to review of a build that was validated, a list a language.

    Raises:
        WorkspaceError: no build there, or a language that it has not validated.
    """
    import pyarrow.compute as pc

    workspace = Workspace(build)
    known = [name.removeprefix("validate-") for name in workspace.manifests() if name.startswith("validate-")]
    if workspace.about() is None or not known:
        raise WorkspaceError(f"{build} holds no validated build", hint="mycook validate, or mycook build, first")
    for lang in langs or ():
        if lang not in known:
            raise WorkspaceError(f"{build} has not validated {lang!r}", hint=f"it has {', '.join(known)}")
    clips, captions = _open(workspace, CLIPS), _open(workspace, CAPTIONS)
    lists = {}
    for lang in langs or known:
        source = captions.filter(pc.not_equal(captions["lang"], lang))
        lists[lang] = make_worklist(
            lang, clips, source, _open(workspace, translations_of(lang)), _open(workspace, verdicts_of(lang))
        )
    return lists


def _open(workspace: Workspace, key: "FileKey[pa.Table]") -> "pa.Table":
    manifest = workspace.read_manifest(key.stage) or {"outputs": {}}
    for name, row in manifest["outputs"].items():
        if row["name"] == key.file:
            if damage := workspace.damage({name: row}):
                raise WorkspaceError(f"{workspace.root}: {damage}", hint="run the same build again: it mends that")
            return key.load(workspace.root / name)
    raise WorkspaceError(f"{workspace.root} lacks {key.file} of the stage {key.stage}", hint="run the build again")


def _key(row: Mapping[str, Any]) -> Key:
    return row["clip_id"], row["caption_index"], row["lang"]
