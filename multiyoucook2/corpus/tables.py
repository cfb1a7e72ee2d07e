"""Row types and Arrow schemas: what flows between the stages, and what is published.

Times are seconds from the start of the video. ``clip_id`` is ``{video_id}_{segment_index}``.
"""

import pyarrow as pa

ABOUT_FILE = "multiyoucook2.json"  # in a published folder: name, content hash, languages, rows

CLIP = pa.schema(
    [
        ("clip_id", pa.string()),
        ("video_id", pa.string()),
        ("video_url", pa.string()),
        ("segment_index", pa.int32()),
        ("start_s", pa.float64()),
        ("end_s", pa.float64()),
        ("split", pa.string()),  # "train" or "validation"
        ("recipe_type", pa.string()),
        ("caption", pa.string()),  # English, cleaned
        ("flags", pa.list_(pa.string())),  # what cleaning changed
    ]
)

TRANSLATION = pa.schema(
    [
        ("clip_id", pa.string()),
        ("lang", pa.string()),
        ("text", pa.string()),
        ("score", pa.float32()),  # mean log-probability of the output tokens, <= 0
        ("model", pa.string()),  # registry name or folder name
        ("revision", pa.string()),  # commit of the weights, or the content hash of a local folder
        ("license", pa.string()),
        ("decode_hash", pa.string()),
        ("flags", pa.list_(pa.string())),  # e.g. "loop", "truncated", "empty", "copy", that no retry could mend
        ("retries", pa.int8()),
    ]
)

VERDICT = pa.schema(
    [
        ("clip_id", pa.string()),
        ("caption_index", pa.int32()),
        ("lang", pa.string()),
        ("check", pa.string()),
        ("severity", pa.string()),  # "reject" or "signal"
        ("reason", pa.string()),  # in words
        ("score", pa.float32()),  # > 0, larger is worse; 1 where a check says yes or no
    ]
)

REJECTION = pa.schema(
    [("clip_id", pa.string()), ("lang", pa.string()), ("check", pa.string()), ("reason", pa.string())]
)

ALL_CONFIG_COLUMNS = (
    "clip_id",
    "video_id",
    "video_url",
    "segment_index",
    "start_s",
    "end_s",
    "recipe_type",
    "captions",
    "flags",
)
LANGUAGE_CONFIG = pa.schema(
    [
        ("clip_id", pa.string()),
        ("caption", pa.string()),
        ("caption_en", pa.string()),
        ("score", pa.float32()),  # null for English
        ("flags", pa.list_(pa.string())),
        ("accepted", pa.bool_()),
    ]
)
SPLITS = ("train", "validation")
