"""Which captions ask: the clips of a pool with features and texts, ready to be scored any number of times.

Where a clip has several captions, a protocol says which of them are queries; recalls by different ones cannot be
compared, so every signature names it:

- ``first``: the first caption that the clip has in the language.
- ``listed``: the one that the pool's file or the data set names, such as the sentence of MSR-VTT's 1k-A list.
- ``all``: every caption is a query; from video to text, the best of a clip's captions counts (HGR, VATEX).
- ``mean``: one query a clip, the mean of its captions' embeddings (as the published code does with rows of equal id).
"""

from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...corpus.captions import Captions, Texts
from ...errors import DatasetError, FeatureError
from ...features.store import FeatureStore
from ..device import Autocast
from ..model.encoders import TextEncoder, TextKey
from ..model.towers import TextVideoModel
from .embed import Done, embed_texts, embed_videos, encode_sentences, nobody
from .pool import Pool

QUERIES = ("first", "listed", "all", "mean")
Rows = npt.NDArray[np.int64]


class EvaluationSet:
    """A pool's queries and candidates.

    Args:
        captions: of the split, rejected translations included, so that the queries are the same for everyone.
        query: a protocol of the module's text; by default ``listed`` where that names captions, else ``first``.
        duplicates: count clips whose caption in the language is the same (but for case) as relevant for one another.

    Raises:
        FeatureError: no clip of the pool has features.
        DatasetError: an unknown protocol, or ``listed`` where nothing is listed.
    """

    def __init__(
        self,
        captions: Captions,
        store: FeatureStore,
        pool: Pool,
        *,
        query: str | None = None,
        duplicates: bool = False,
    ) -> None:
        self.captions, self.store, self.pool, self.duplicates = captions, store, pool, duplicates
        self._listed = {**captions.listed, **pool.listed}
        listed = [clip for clip in pool.clip_ids if clip in self._listed]
        self.query = query or ("listed" if listed else "first")
        if self.query not in QUERIES:
            raise DatasetError(f"unknown rule of queries {self.query!r}", hint=", ".join(QUERIES))
        if self.query == "mean" and duplicates:
            raise DatasetError("a mean of captions has no text to be the same", hint="--query all with --duplicates")
        if self.query == "listed" and not listed:
            raise DatasetError(
                "neither the pool nor the data set lists a caption to ask", hint="--query first, all or mean"
            )
        rows = store.rows(pool.clip_ids)
        self.without_features = tuple(clip for clip, row in zip(pool.clip_ids, rows, strict=True) if row < 0)
        if len(self.without_features) == len(pool.clip_ids):
            raise FeatureError(
                f"none of the {len(rows)} clips of the pool {pool.name!r} has features in {store.folder}",
                hint=f"the pool has ids like {pool.clip_ids[0]!r}, the features like {store.clip_ids[0]!r}",
            )
        self._store_rows = rows[rows >= 0]
        self.video_rows: Rows = np.where(rows >= 0, np.cumsum(rows >= 0) - 1, -1)  # of each clip among the embeddings
        number = {clip: i for i, clip in enumerate(captions.clip_ids)}
        # language -> (clip's place in the pool, caption index, text) of every caption that is read
        self.asked = {
            lang: [
                (place, index, str(found[number[clip]][index]))
                for place, clip in enumerate(pool.clip_ids)
                for index in self._indices(clip, found[number[clip]])
            ]
            for lang, found in captions.texts.items()
        }
        # encoder -> what is read of it once: the vectors of a frozen one, by language and token cap
        self._frozen: WeakKeyDictionary[TextEncoder, dict[tuple[str, int], Tensor]] = WeakKeyDictionary()

    def _indices(self, clip: str, texts: Texts) -> list[int]:
        there = [index for index, text in enumerate(texts) if text]
        if self.query == "first":
            return there[:1]
        if self.query == "listed":
            return [index for index in there if index == self._listed.get(clip)]
        return there

    @property
    def items(self) -> int:
        """Videos and queries that are embedded."""
        return len(self._store_rows) + sum(map(len, self.asked.values()))

    def text_rows(self, lang: str) -> Rows:
        """Row of each clip's queries among a language's embeddings, -1 where there is none: [P] or, of all, [P, K]."""
        places = [place for place, _, _ in self.asked[lang]]
        if self.query != "all":
            rows_P = np.full(len(self.pool.clip_ids), -1, dtype=np.int64)
            places = list(dict.fromkeys(places))  # `mean` has one embedding a clip
            rows_P[places] = np.arange(len(places))
            return rows_P
        slots = self._slots(places)
        rows_PK = np.full((len(self.pool.clip_ids), max(slots, default=0) + 1), -1, dtype=np.int64)
        rows_PK[places, slots] = np.arange(len(places))
        return rows_PK

    @staticmethod
    def _slots(places: list[int]) -> list[int]:
        """Which of its clip's texts each one is, counted from 0; a clip's texts lie together."""
        slots: list[int] = []
        for row, place in enumerate(places):
            slots.append(slots[-1] + 1 if row and places[row - 1] == place else 0)
        return slots

    def same_captions(self, lang: str) -> list[object] | None:
        """The texts in the shape of :meth:`text_rows`, spelled alike where they are the same; ``None`` if not asked."""
        if not self.duplicates:
            return None
        rows = self.text_rows(lang)
        texts = [" ".join(text.casefold().split()) for _, _, text in self.asked[lang]]
        found = [texts[row] if row >= 0 else "" for row in rows.reshape(-1)]
        shaped: list[object] = np.array(found, dtype=object).reshape(rows.shape).tolist()
        return shaped

    def labels(self, lang: str) -> dict[str, object]:
        """What the signature of a language's scores says besides what is measured and how the model is run."""
        settings = {key: value for key, value in self.store.meta.items() if key in ("difficulty", "seed")}
        return {
            "lang": lang,
            "data": self.captions.label,
            "data_hash": self.captions.content_hash,
            "split": self.captions.split,
            "clips": self.pool.name,
            "query": self.query,
            "feat": f"{self.store.name}@{self.store.content_hash[:8]}",
            "feat_hash": self.store.content_hash,
            "made": ",".join(f"{key}={value}" for key, value in settings.items()),
            "relevant": "same-caption" if self.duplicates else "",
        }

    def embeddings(
        self,
        model: TextVideoModel,
        *,
        max_length: int,
        device: torch.device | str,
        autocast: Autocast,
        done: Done = nobody,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The model's video embeddings [C, E] and, per language, its queries' [Q_l, E]; ``done`` is told of each
        video and each query that is embedded: :meth:`items` in all.

        A frozen text encoder runs at the first call only.
        """
        video_CE = embed_videos(model, self.store, self._store_rows, device=device, autocast=autocast, done=done)
        texts_of: dict[str, Tensor] = {}
        for lang, asked in self.asked.items():
            texts = [text for _, _, text in asked]
            given: list[str] | Tensor = texts
            keys: list[TextKey] = [(self.pool.clip_ids[place], index, lang) for place, index, _ in asked]
            vectors = model.encoder.lookup(keys)
            if vectors is not None:
                given = vectors
            elif not model.encoder.trainable:
                kept = self._frozen.setdefault(model.encoder, {})
                if (lang, max_length) not in kept:
                    kept[lang, max_length] = encode_sentences(
                        model.encoder, texts, max_length=max_length, device=device, autocast=autocast
                    )
                given = kept[lang, max_length]
            text_QE = embed_texts(model, given, max_length=max_length, device=device, autocast=autocast, done=done)
            texts_of[lang] = _means(text_QE, [place for place, _, _ in asked]) if self.query == "mean" else text_QE
        return video_CE, texts_of


def _means(text_QE: Tensor, places: list[int]) -> Tensor:
    """Embeddings of a clip's captions -> their mean, a row a clip in order."""
    if not places:
        return text_QE
    group_Q = torch.from_numpy(np.unique(places, return_inverse=True)[1].reshape(-1).astype(np.int64))
    sums = text_QE.new_zeros(int(group_Q.max()) + 1, text_QE.shape[1]).index_add_(0, group_Q, text_QE)
    return sums / torch.bincount(group_Q)[:, None]
