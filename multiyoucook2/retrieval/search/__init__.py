"""Search over clips by text, in any language that the model's text encoder knows.

::

    from multiyoucook2.retrieval.search import open_index

    index = open_index("index/x")
    hits = index.search("ajouter les oignons", k=5)

- ``build.build_index(run, features=..., out=...)``: embeddings of all clips -> an index folder
- ``index.SearchIndex``: ``search``, ``search_many``, filters by video, recipe type and split
- ``exact.top_k``: the arithmetic, by blocked numpy or numkong
- ``moments.find_moments(index, video_id, query)``: when in a video
- ``app.serve(index)``: a local page

Importing this package loads none of them.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .index import SearchIndex


def open_index(folder: str | Path, *, device: str = "auto") -> "SearchIndex":
    """Open an index that ``mycook index`` made; see :class:`.index.SearchIndex`."""
    from .index import SearchIndex

    return SearchIndex.open(folder, device=device)
