"""A published data set as retrieval tasks of mteb: text to video and video to text, a subset a language.

::

    OUT/
      README.md                 the configs that mteb's own loader reads
      tasks.py                  the two tasks, to import beside mteb, or to propose to it
      videos.parquet            id, video: shared by all languages and both directions
      deu-Latn/texts.parquet    id, text: each distinct caption once
      deu-Latn/t2v.parquet, v2t.parquet     query-id, corpus-id, score

Equal captions are one query, and every clip that carries it is relevant. ``video`` is a clip's features, frame by
frame, or, where there are none, the address of its video with the segment's seconds: mteb's stock models want videos.

mteb takes no machine translation that no person has verified; ``sample_creation`` says what these are.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any, Protocol

import pyarrow as pa
import yaml

from ..errors import DatasetError, RecipeError, nearest, shown
from ..files import Record, parquet_bytes, read_json, read_parquet, replace_folder
from ..languages import LANGUAGES
from .captions import dataset_languages, dataset_splits, load_captions
from .clips import Clip, load_clips
from .croissant import CROISSANT_FILE
from .dataset import DatasetAbout, dataset_about
from .tables import HUMAN

KIND = "mteb data set"
LICENSES = frozenset("mit apache-2.0 cc-by-4.0 cc-by-nc-4.0 cc-by-sa-4.0 cc-by-nc-sa-4.0 cc0-1.0".split())

C2KD = "https://arxiv.org/abs/2210.03625"


class Features(Protocol):
    """Arrays (frames, dim) by clip."""

    def __contains__(self, clip_id: object) -> bool: ...
    def __getitem__(self, clip_id: str) -> Any: ...


def export_mteb(
    dataset: Path,
    out: Path,
    *,
    split: str | None = None,
    langs: Sequence[str] | None = None,
    features: Features | None = None,
) -> dict[str, int]:
    """Write the folder; returns how many clips, captions and languages are in it.

    Args:
        dataset: a built data set's folder.
        split: the one to evaluate on; ``test``, else ``validation``, by default.
        langs: all by default.
        features: of the clips; clips without any are left out. Without them, addresses stand for the videos.

    Raises:
        DatasetError: the data set cannot be read, no clip is left, or one has no address.
        RecipeError: it has no such split.
        WorkspaceError: ``out`` holds something else.
    """
    about = dataset_about(dataset)
    chosen = _split(dataset, split)
    wanted = tuple(langs or dataset_languages(str(dataset)))
    if strange := next((lang for lang in wanted if not re.fullmatch(r"\w[\w-]*", lang)), None):
        raise DatasetError(f"{shown(strange)} is no language, by which a folder could be called")
    captions = load_captions(dataset, split=chosen, langs=wanted)
    clips = [clip for clip in load_clips(dataset) if clip.split == chosen]
    if features is not None:
        clips = [clip for clip in clips if clip.clip_id in features and len(features[clip.clip_id])]
    elif absent := next((clip for clip in clips if not clip.video_url), None):
        raise DatasetError(
            f"nothing stands for the video of {shown(absent.clip_id)}: the data set has no address of it",
            hint="give the clips' features: --features FOLDER",
        )
    if not clips:
        raise DatasetError(f"no clip of the split {chosen} has features", hint="give the data set's own features")
    files = {"videos.parquet": parquet_bytes(_videos(clips, features))}
    kept = {clip.clip_id for clip in clips}
    total = 0
    for lang in wanted:
        rows = [
            (clip_id, text)
            for clip_id, texts in zip(captions.clip_ids, captions.texts[lang], strict=True)
            if clip_id in kept
            for text in texts
            if text
        ]
        total += len(rows)
        files |= _language_files(subset_of(lang), rows)
    files["tasks.py"] = _tasks(dataset, about, wanted, chosen).encode()
    files["README.md"] = _readme(about, wanted, chosen).encode()
    replace_folder(out, files, KIND)
    return {"clips": len(clips), "captions": total, "languages": len(wanted)}


def subset_of(lang: str) -> str:
    """``deu-Latn`` of ``de``, as mteb names languages."""
    return LANGUAGES[lang].flores.replace("_", "-") if lang in LANGUAGES else lang


def _split(dataset: Path, split: str | None) -> str:
    known = dataset_splits(str(dataset))
    if split is not None and split not in known:
        raise RecipeError(f"{dataset} has no split {split!r}", hint=nearest(split, known))
    return split or next((name for name in ("test", "validation") if name in known), known[0])


def _videos(clips: Sequence[Clip], features: Features | None) -> pa.Table:
    ids = [clip.clip_id for clip in clips]
    if features is None:
        addresses = [f"{clip.video_url}#t={clip.start_s:g},{clip.end_s:g}" for clip in clips]
        return pa.table({"id": ids, "video": pa.array(addresses, pa.string())})
    frames = [[frame.tolist() for frame in features[clip_id]] for clip_id in ids]
    return pa.table({"id": ids, "video": pa.array(frames, pa.list_(pa.list_(pa.float32())))})


def _language_files(subset: str, rows: Sequence[tuple[str, str]]) -> dict[str, bytes]:
    """Distinct captions, and which belong to which clip, in both directions."""
    number = {text: f"{subset}-{place}" for place, text in enumerate(dict.fromkeys(text for _, text in rows))}
    links = list(dict.fromkeys((number[text], clip_id) for clip_id, text in rows))
    texts, clips = [text for text, _ in links], [clip for _, clip in links]
    score = pa.array([1] * len(links), pa.int32())
    return {
        f"{subset}/texts.parquet": parquet_bytes(pa.table({"id": list(number.values()), "text": list(number)})),
        f"{subset}/t2v.parquet": parquet_bytes(pa.table({"query-id": texts, "corpus-id": clips, "score": score})),
        f"{subset}/v2t.parquet": parquet_bytes(pa.table({"query-id": clips, "corpus-id": texts, "score": score})),
    }


def _readme(about: DatasetAbout, langs: Sequence[str], split: str) -> str:
    """The configs ``SUBSET-queries``, ``-corpus``, ``-qrels`` of each direction; several name the same file."""
    configs = []
    for lang in langs:
        subset = subset_of(lang)
        texts = f"{subset}/texts.parquet"
        for name, queries, corpus, qrels in (
            (subset, texts, "videos.parquet", f"{subset}/t2v.parquet"),
            (f"v2t-{subset}", "videos.parquet", texts, f"{subset}/v2t.parquet"),
        ):
            for part, path in (("queries", queries), ("corpus", corpus), ("qrels", qrels)):
                configs.append({"config_name": f"{name}-{part}", "data_files": [{"split": split, "path": path}]})
    head = yaml.safe_dump({"tags": ["mteb"], "language": list(langs), "configs": configs}, sort_keys=False)
    what = f"Text-to-video and video-to-text retrieval in {len(langs)} languages. `tasks.py` has the tasks."
    return f"---\n{head}---\n# {about.name} for mteb\n\n{what}\n\nContent hash: `{about.content_hash}`.\n"


def _creation(dataset: Path, langs: Sequence[str], split: str) -> str:
    """How the texts came to be, in mteb's words: verified where a person has confirmed or mended every translation."""
    translated, verified = False, True
    for lang in langs:
        path = dataset / lang / f"{split}.parquet"
        try:
            rows = read_parquet(path, ("origin", "reviewed", "accepted"), error=DatasetError).to_pylist()
        except FileNotFoundError:
            raise DatasetError(f"there is no {shown(path)}", hint="export a data set that mycook build made") from None
        machine = [row for row in rows if row["accepted"] and (row["origin"] != HUMAN or row["reviewed"])]
        translated |= bool(machine)
        verified &= all(row["reviewed"] for row in machine)
    if not translated:
        return "found"
    return "machine-translated and verified" if verified else "machine-translated"


class _Credit(Record):
    """What the data set's description says of its origin, under Croissant's names."""

    url: str = ""
    citeAs: str = ""


def _credit(path: Path) -> _Credit:
    return read_json(path, _Credit, error=DatasetError) if path.is_file() else _Credit()


def _tasks(dataset: Path, about: DatasetAbout, langs: Sequence[str], split: str) -> str:
    credit = _credit(dataset / CROISSANT_FILE)
    license_ = about.license.lower()
    name = "".join(part.capitalize() for part in re.findall("[A-Za-z0-9]+", about.name))
    values = {
        "prefix": name if name.isidentifier() else f"Captions{name}",
        "subsets": repr({subset_of(lang): [subset_of(lang)] for lang in langs}),
        "v2t_subsets": repr({f"v2t-{subset_of(lang)}": [subset_of(lang)] for lang in langs}),
        "split": repr(split),
        "license": repr(license_ if license_ in LICENSES else "not specified"),
        "reference": repr(credit.url or C2KD),
        "citation": json.dumps(credit.citeAs),
        "creation": repr(_creation(dataset, langs, split)),
        "revision": repr(about.content_hash[:16]),
    }
    return Template(_TASKS).substitute(values)


_TASKS = '''"""Retrieval of videos by captions and the other way round, for mteb: written by `mycook export --to mteb`.

    import mteb, tasks
    mteb.evaluate(model, [tasks.${prefix}T2VRetrieval(), tasks.${prefix}V2TRetrieval()])
"""

from pathlib import Path

from mteb.abstasks.retrieval import AbsTaskRetrieval
from mteb.abstasks.task_metadata import TaskMetadata

_SHARED = dict(
    reference=$reference,
    # on the Hub: its name, and the commit
    dataset={"path": str(Path(__file__).parent), "revision": $revision},
    type="Any2AnyMultilingualRetrieval",
    eval_splits=[$split],
    main_score="ndcg_at_10",
    domains=["Instructional", "Web"],
    task_subtypes=["Cross-Modal Retrieval"],
    license=$license,
    annotations_creators="human-annotated",
    dialect=[],
    sample_creation=$creation,
    is_beta=True,
    bibtex_citation=$citation,
)


class ${prefix}T2VRetrieval(AbsTaskRetrieval):
    metadata = TaskMetadata(
        name="${prefix}T2VRetrieval",
        description="Given a caption, find the video segment that it describes, in several languages.",
        category="t2v",
        modalities=["text", "video"],
        eval_langs=$subsets,
        prompt={"query": "Find the video that matches the given caption."},
        **_SHARED,
    )


class ${prefix}V2TRetrieval(AbsTaskRetrieval):
    metadata = TaskMetadata(
        name="${prefix}V2TRetrieval",
        description="Given a video segment, find the caption that describes it, in several languages.",
        category="v2t",
        modalities=["video", "text"],
        eval_langs=$v2t_subsets,
        prompt={"query": "Find the caption that describes the following video."},
        **_SHARED,
    )
'''
