"""Import the features that the authors of C2KD released: pickled lists of one dict a clip.

YouCook2: ``id``, ``caption``, ``caption_xx``, and ``2d_raw`` (CLIP, 512) or ``s3d`` (S3D, 1024); MSR-VTT and VATEX: key
``2d``; RUDDER: key ``2d``, ``captions``. A store holds one kind of features: audio, and features under other keys, are
left out and counted. The authors spell Czech ``cz``; it becomes ``cs``.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import FeatureError
from ..files.pickles import Discarded, read_plain_pickle
from ..languages import ALIASES
from .store import Array, Source

_CAPTION_KEY = re.compile(r"(eval_)?caption_([a-z]{2})")
_WORD = re.compile(r"\w+")
CLIP_DIM = 512
FEATURE_KEYS = {"s3d": "s3d", "2d_raw": "clip", "2d": "clip"}  # key -> name of the features


@dataclass(frozen=True)
class ReferenceClip:
    """One clip of a released file: its features [T, D] under ``key``, and its captions by language.

    ``queries`` are the captions that the authors evaluate with, one a language, where the file sets them apart
    (``eval_caption_xx``). ``others`` are the keys of what else the record holds, such as ``audio``.
    """

    clip_id: str
    key: str
    features: Array
    captions: dict[str, tuple[str, ...]]
    queries: dict[str, str]
    others: tuple[str, ...] = ()


def read_reference(path: str | Path, *, key: str | None = None) -> list[ReferenceClip]:
    """The clips of a released file, in order. Nothing in the file is run; see :mod:`multiyoucook2.files.pickles`.

    Args:
        key: which features, where a clip has several: ``"s3d"``, ``"2d_raw"`` or ``"2d"``; the first found by default.

    Raises:
        FeatureError: unsafe or damaged, or not of this layout; the message names the clip.
    """
    clips = read_plain_pickle(path)
    if not isinstance(clips, list) or not clips or not all(isinstance(clip, dict) for clip in clips):
        raise FeatureError(f"{path} is not a list of dicts, one a clip")
    chosen = key or next((name for name in FEATURE_KEYS if name in clips[0]), None)
    if chosen is None:
        raise FeatureError(f"the clips of {path} have no features", hint=f"expected one of {', '.join(FEATURE_KEYS)}")
    for number, clip in enumerate(clips):
        for needed in ("id", chosen):
            if needed not in clip:
                raise FeatureError(f"clip {number} of {path} has no {needed!r}")
        if not isinstance(clip["id"], str | int):
            raise FeatureError(f"clip {number} of {path} has an id that is neither text nor a whole number")
        if isinstance(clip[chosen], Discarded):
            raise FeatureError(
                f"{chosen!r} of clip {number} of {path} is a torch tensor, which is not read",
                hint="save numpy arrays instead, one CLIP_ID.npy a clip, or one .npz",
            )
    return [
        ReferenceClip(str(clip["id"]), chosen, clip[chosen], *_captions(clip), _others(clip, chosen)) for clip in clips
    ]


def reference_clips(
    path: str | Path, *, name: str | None = None, key: str | None = None, captions: Mapping[str, str] | None = None
) -> Source:
    """What a released file gives a store.

    Args:
        path: the pickle.
        name: of the features; by default ``s3d`` or ``clip``, after the key that they are under, or after key and
            dimension where CLIP's would be others.
        key: see :func:`read_reference`.
        captions: clip_id -> English caption of the data set. Where given, a clip whose id the data set does not know
            gets the id of the clip with its English caption, if the caption is unique on both sides;
            ``meta["renamed"]`` counts them, and ``meta["left_out"]`` the clips by what is not read of them.

    Raises:
        FeatureError: see :func:`read_reference`.
    """
    clips = read_reference(path, key=key)
    known = captions or {}
    ours = _by_unique_caption(known)
    theirs = _by_unique_caption({clip.clip_id: clip.captions["en"][0] for clip in clips if clip.captions.get("en")})
    renamed = {clip: ours[text] for text, clip in theirs.items() if clip not in known and text in ours}
    pairs = ((renamed.get(clip.clip_id, clip.clip_id), clip.features) for clip in clips)
    others = Counter(key for clip in clips for key in clip.others)
    left_out = {"left_out": dict(sorted(others.items()))} if others else {}
    return Source(name or _name_of(clips[0]), pairs, {"source": "c2kd", "renamed": len(renamed), **left_out})


def _name_of(clip: ReferenceClip) -> str:
    """CLIP's features have 512 dimensions; those of other networks lie under the same key."""
    known = FEATURE_KEYS.get(clip.key, clip.key)
    shape = getattr(clip.features, "shape", ())
    return f"{clip.key}-{shape[-1]}" if known == "clip" and shape and shape[-1] != CLIP_DIM else known


def _captions(clip: Mapping[Any, Any]) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Captions of a clip by language code, whichever of the layouts it has; and those to evaluate with, set apart."""
    found: dict[str, object] = {}
    queries: dict[str, object] = {}
    if "caption" in clip:
        found["en"] = clip["caption"]
    for key, value in clip.items():
        match = _CAPTION_KEY.fullmatch(key) if isinstance(key, str) else None
        if match:
            (queries if match[1] else found)[match[2]] = value
    if isinstance(clip.get("captions"), dict):
        found |= {lang: value for lang, value in clip["captions"].items() if isinstance(lang, str)}
    captions = _texts(found)
    return captions, {lang: texts[0] for lang, texts in _texts(queries).items() if texts}


def _others(clip: Mapping[Any, Any], chosen: str) -> tuple[str, ...]:
    """The keys that are neither the id, nor captions, nor the features that were chosen."""
    read = {"id", "caption", "captions", chosen}
    return tuple(key for key in map(str, clip) if key not in read and not _CAPTION_KEY.fullmatch(key))


def _texts(found: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    captions = {}
    for lang, value in found.items():
        texts = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
        captions[ALIASES.get(lang, lang)] = tuple(text for text in texts if isinstance(text, str) and text.strip())
    return captions


def _by_unique_caption(captions: Mapping[str, str]) -> dict[str, str]:
    """Normalised caption -> clip_id, of the captions that one clip only has."""
    clips: dict[str, list[str]] = {}
    for clip, caption in captions.items():
        clips.setdefault(" ".join(_WORD.findall(caption.lower())), []).append(clip)
    return {caption: found[0] for caption, found in clips.items() if len(found) == 1}
