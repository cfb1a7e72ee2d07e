"""The refusals of a table of clips with one caption each."""

import pyarrow as pa

from ..corpus.tables import REJECTION
from .settings import Checks
from .table import check_captions


def check_table(clips: pa.Table, translations: pa.Table, lang: str, checks: Checks) -> pa.Table:
    """The rejections of one language, schema ``tables.REJECTION``: a row for each check that refuses a translation."""
    captions = pa.table({"clip_id": clips.column("clip_id"), "text": clips.column("caption")})
    found = check_captions(captions, translations, lang, checks)
    refused = found.filter(pa.compute.equal(found.column("severity"), "reject"))
    return refused.select(REJECTION.names)
