"""Row types and Arrow schemas: what flows between the stages, and what is published.

A caption is the unit: ``clip_id`` and ``caption_index`` name it, in every language. YouCook2 has one caption a clip
(index 0), MSR-VTT 20, VATEX 10. Times are seconds from the start of the video.
"""

import pyarrow as pa

ABOUT_FILE = "multiyoucook2.json"  # in a published folder: name, content hash, languages, rows
FLAGS = pa.list_(pa.string())
QUERY_FLAG = "query"  # of the caption that a data set's own protocol asks in evaluation, where it names one

CLIP = pa.schema(
    [
        ("clip_id", pa.string()),
        ("video_id", pa.string()),
        ("video_url", pa.string()),
        ("segment_index", pa.int32()),  # of the clip within its video
        ("start_s", pa.float64()),
        ("end_s", pa.float64()),
        ("split", pa.string()),  # one of SPLITS
        ("recipe_type", pa.string()),  # the data set's own category, "" where it has none
    ]
)

CAPTION = pa.schema(
    [
        ("clip_id", pa.string()),
        ("caption_index", pa.int32()),  # the same index in two languages: the same caption, translated
        ("lang", pa.string()),
        ("text", pa.string()),  # cleaned
        ("origin", pa.string()),  # HUMAN or MACHINE
        ("flags", FLAGS),  # what cleaning changed
    ]
)
HUMAN, MACHINE = "human", "machine"

TRANSLATION = pa.schema(
    [
        ("clip_id", pa.string()),
        ("caption_index", pa.int32()),
        ("lang", pa.string()),
        ("text", pa.string()),
        ("score", pa.float32()),  # mean log-probability of the output tokens, <= 0; null for what people wrote
        ("model", pa.string()),  # registry name or folder name; "" for what people wrote
        ("revision", pa.string()),  # commit of the weights, or the content hash of a local folder
        ("license", pa.string()),
        ("decode_hash", pa.string()),
        ("flags", FLAGS),  # e.g. "loop", "truncated", "empty", "copy", that no retry could mend
        ("retries", pa.int8()),
        ("origin", pa.string()),
        ("first", pa.string()),  # the translation that repair replaced by ``text``, else null
    ]
)

VERDICT = pa.schema(
    [
        ("clip_id", pa.string()),
        ("caption_index", pa.int32()),
        ("lang", pa.string()),
        ("check", pa.string()),
        ("severity", pa.string()),  # REJECT or SIGNAL
        ("reason", pa.string()),
        ("score", pa.float32()),  # > 0, larger is worse; 1 where a check says yes or no
    ]
)
REJECT, SIGNAL = "reject", "signal"  # the row is not accepted; the row is worth a look

QUALITY = pa.schema(
    [
        ("clip_id", pa.string()),
        ("caption_index", pa.int32()),
        ("quality", pa.float32()),  # probability that a reader finds the meaning kept, 0 to 1
    ]
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
        ("caption_index", pa.int32()),  # left out of data sets with one caption a clip
        ("caption", pa.string()),
        ("caption_en", pa.string()),
        ("origin", pa.string()),
        ("engine", pa.string()),  # what translated it; null for what people wrote
        ("license", pa.string()),  # of that engine's weights; null for what people wrote
        (
            "may_train",
            pa.bool_(),
        ),  # whether it lets a model be trained on the row; null where nobody can tell
        ("score", pa.float32()),
        # Probability that a reader finds the meaning kept, 0 to 1; null where not estimated, and where a person wrote
        # or reviewed the row, whose word counts for more.
        ("quality", pa.float32()),
        ("flags", FLAGS),
        ("checks", FLAGS),  # names of the checks that found something, whether they refuse the row or not
        ("accepted", pa.bool_()),
        ("reviewed", pa.bool_()),  # a person has accepted, edited or rejected it
    ]
)
# What the content hash covers: the columns of the first version of the format, so that equal texts keep their hash.
HASHED_COLUMNS = ("clip_id", "caption_index", "caption", "caption_en", "score", "flags", "accepted")
SPLITS = ("train", "validation", "test")
