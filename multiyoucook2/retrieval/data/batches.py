"""Batches for training: captions, tokenised once, joined with features by clip_id; seeded order; resumable."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...corpus.captions import Captions, Texts
from ...errors import FeatureError, TrainingError
from ...features.store import FeatureStore
from .tokens import Buckets, Tokenizer, make_buckets
from .vectors import Key

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """B clips with their texts in all languages, for one forward pass of each tower.

    Attributes:
        index_B: position of each clip in its :class:`TrainingSet` (the row of a teacher's embeddings).
        caption_B: the caption index drawn for each clip, the same for every language and for the teachers' English.
        clip_ids: their ids, for messages.
        video_BTD, mask_BT: frames, float32, and True where there is one.
        texts: all languages' texts, N = sum of B_l, as :meth:`TextVideoModel.encode_text` takes them.
        rows: language -> which clips of the batch have a text in it, [B_l], ascending. A language that no clip of the
            batch has is left out.
    """

    index_B: Tensor
    caption_B: Tensor
    clip_ids: tuple[str, ...]
    video_BTD: Tensor
    mask_BT: Tensor
    texts: Buckets | Tensor
    rows: dict[str, Tensor]

    def by_language(self, text_NE: Tensor) -> dict[str, Tensor]:
        """Embeddings of :attr:`texts` -> language -> [B_l, E], row for row beside ``rows[language]``."""
        parts = torch.split(text_NE, [len(rows) for rows in self.rows.values()])
        return dict(zip(self.rows, parts, strict=True))

    def to(self, device: torch.device | str) -> "Batch":
        """The same on another device."""
        return Batch(
            self.index_B.to(device),
            self.caption_B.to(device),
            self.clip_ids,
            self.video_BTD.to(device, non_blocking=True),
            self.mask_BT.to(device, non_blocking=True),
            self.texts.to(device),
            {lang: rows.to(device) for lang, rows in self.rows.items()},
        )


class TextTable(Protocol):
    """N texts, encoded in one of two ways: as token lists or as sentence vectors."""

    def take(self, rows: Rows) -> Buckets | Tensor:
        """The texts at these rows, in this order, as a text tower takes them."""
        ...


class TokenTable:
    """Texts as token lists, end to end in one array."""

    def __init__(self, texts: Sequence[Sequence[int]], pad_id: int, *, overhead: int, max_tokens: int | None) -> None:
        self._flat = np.fromiter((token for ids in texts for token in ids), dtype=np.int32)
        self._ends = np.cumsum([len(ids) for ids in texts], dtype=np.int64)
        self._pad_id, self._overhead, self._max_tokens = pad_id, overhead, max_tokens

    def take(self, rows: Rows) -> Buckets:
        """Length buckets of the texts at ``rows``."""
        starts = np.where(rows > 0, self._ends[rows - 1], 0)
        lists = [self._flat[start:end] for start, end in zip(starts, self._ends[rows], strict=True)]
        return make_buckets(lists, self._pad_id, overhead=self._overhead, max_tokens=self._max_tokens)


class VectorTable:
    """Texts as sentence vectors [N, D]: computed elsewhere, or once by a frozen encoder."""

    def __init__(self, vectors_ND: Tensor) -> None:
        self.vectors_ND = vectors_ND

    def take(self, rows: Rows) -> Tensor:
        """The vectors at ``rows``."""
        return self.vectors_ND[torch.from_numpy(rows)]


class TrainingSet:
    """The clips of a split that have features and a text in some chosen language.

    Attributes:
        clip_ids: the clips that are used; ``without_features``, ``without_text``: those that are not, by id.
        languages: in the order in which batches hold them.
        row_LNC: row of each caption among :attr:`texts`, by language, clip and caption index; -1 where there is none.

    Raises:
        FeatureError: no clip of the split has features.
        TrainingError: no clip has a text.
    """

    def __init__(self, captions: Captions, store: FeatureStore, languages: Sequence[str] | None = None) -> None:
        self.store, self.captions = store, captions
        self.languages = tuple(languages if languages is not None else captions.languages)
        rows = store.rows(captions.clip_ids)
        has_text = [any(captions.texts[lang][i] for lang in self.languages) for i in range(len(rows))]
        used = [i for i, row in enumerate(rows) if row >= 0 and has_text[i]]
        self.without_features = [captions.clip_ids[i] for i, row in enumerate(rows) if row < 0]
        self.without_text = [captions.clip_ids[i] for i, row in enumerate(rows) if row >= 0 and not has_text[i]]
        if len(self.without_features) == len(rows):
            raise FeatureError(
                f"none of the {len(rows)} clips of split {captions.split!r} has features in {store.folder}",
                hint=f"the data set has ids like {captions.clip_ids[0]!r}, the features like {store.clip_ids[0]!r}",
            )
        if not used:
            raise TrainingError(f"no clip of split {captions.split!r} has a text in {', '.join(self.languages)}")
        self.clip_ids = [captions.clip_ids[i] for i in used]
        self._used, self._store_rows = used, rows[used]
        self._texts: list[str] = []
        self.row_LNC = np.full((len(self.languages), len(used), captions.most), -1, dtype=np.int64)
        for number, lang in enumerate(self.languages):
            for clip, i in enumerate(used):
                for index, text in enumerate(captions.texts[lang][i]):
                    if text:
                        self.row_LNC[number, clip, index] = len(self._texts)
                        self._texts.append(text)
        self._options = self._drawable()
        self.table: TextTable | None = None

    def _drawable(self) -> list[Rows]:
        """Which caption indices a clip has: those of the source language, or of any where it has none in that."""
        any_NC: npt.NDArray[np.bool_] = np.any(self.row_LNC >= 0, axis=0)
        source_NC = np.zeros_like(any_NC)
        for clip, texts in enumerate(self._source_rows()):
            source_NC[clip, : len(texts)] = [bool(text) for text in texts]
        both_NC = any_NC & source_NC
        return [np.flatnonzero(both_NC[n] if both_NC[n].any() else any_NC[n]) for n in range(len(self))]

    def _source_rows(self) -> list[Texts]:
        """The source language's captions of each clip, whether or not it is trained on."""
        texts = self.captions.texts.get(self.captions.source)
        return [texts[i] if texts else () for i in self._used]

    def __len__(self) -> int:
        return len(self.clip_ids)

    @property
    def texts(self) -> list[str]:
        """Every text, language by language, clip by clip, caption by caption: the rows of a :class:`VectorTable`."""
        return self._texts

    def source_texts(self) -> tuple[list[str], list[Key], Rows]:
        """What teachers read: the texts of the source language, their keys, and their rows by clip and caption index.

        Rows are [N, C], -1 where there is no such caption. The source language need not be trained on.
        """
        texts: list[str] = []
        keys: list[Key] = []
        row_NC = np.full((len(self), self.captions.most), -1, dtype=np.int64)
        for clip, found in enumerate(self._source_rows()):
            for index, text in enumerate(found):
                if text:
                    row_NC[clip, index] = len(texts)
                    texts.append(text)
                    keys.append((self.clip_ids[clip], index, self.captions.source))
        return texts, keys, row_NC

    def tokenize(
        self, encoder: Tokenizer, *, max_length: int, overhead: int = 512, max_tokens: int | None = None
    ) -> None:
        """Tokenise all texts, once; ``overhead`` and ``max_tokens`` as in :func:`.tokens.make_buckets`."""
        ids = encoder.tokenize(self._texts, max_length=max_length)
        self.table = TokenTable(ids, encoder.pad_id, overhead=overhead, max_tokens=max_tokens)

    def use_vectors(self, vectors_ND: Tensor) -> None:
        """Use sentence vectors, a row for each of :attr:`texts`, instead of tokens."""
        if len(vectors_ND) != len(self._texts):
            raise ValueError(f"{len(vectors_ND)} vectors for {len(self._texts)} texts")
        self.table = VectorTable(vectors_ND)

    def lookup_keys(self) -> list[Key]:
        """(clip_id, caption index, language) of each of :attr:`texts`, for stores of vectors computed elsewhere."""
        return [
            (self.clip_ids[clip], int(index), lang)
            for number, lang in enumerate(self.languages)
            for clip, index in np.argwhere(self.row_LNC[number] >= 0)
        ]

    def batch(self, index: Rows, draw: Rows, *, max_frames: int) -> Batch:
        """The clips at ``index``; ``draw`` [B], any numbers, chooses a clip's caption index, for all languages."""
        if self.table is None:
            raise RuntimeError("call tokenize() or use_vectors() first")
        video_BTD, mask_BT = self.store.gather(self._store_rows[index], max_frames=max_frames)
        options = [self._options[clip] for clip in index]
        caption_B = np.array([of[number % len(of)] for of, number in zip(options, draw, strict=True)], dtype=np.int64)
        rows: dict[str, Tensor] = {}
        chosen: list[Rows] = []
        for number, lang in enumerate(self.languages):
            text_row_B = self.row_LNC[number, index, caption_B]
            present = np.flatnonzero(text_row_B >= 0)
            if len(present):
                rows[lang] = torch.from_numpy(present)
                chosen.append(text_row_B[present])
        return Batch(
            torch.from_numpy(index),
            torch.from_numpy(caption_B),
            tuple(self.clip_ids[i] for i in index),
            torch.from_numpy(video_BTD),
            torch.from_numpy(mask_BT),
            self.table.take(np.concatenate(chosen)),
            rows,
        )


def ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, each put together in a thread while the one before it is computed with."""
    with ThreadPoolExecutor(1, thread_name_prefix="batches") as thread:
        coming = thread.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = thread.submit(next, batches, None)
            yield batch


class Batches:
    """The endless, seeded sequence of training batches, which can stop and go on anywhere.

    Each epoch is a permutation of its own, a function of (seed, epoch) alone; the last, incomplete batch is dropped.

    Args:
        data: the clips.
        batch_size: clips in a batch over all processes.
        seed: of the order and of the captions drawn.
        max_frames: frames a clip at most.
        shard: (rank, processes): this process gets its contiguous share of each batch.

    Raises:
        TrainingError: fewer clips than a batch holds, or a batch that does not divide among the processes.
    """

    def __init__(
        self, data: TrainingSet, *, batch_size: int, seed: int, max_frames: int = 30, shard: tuple[int, int] = (0, 1)
    ) -> None:
        if batch_size < 1 or batch_size > len(data):
            raise TrainingError(
                f"a batch of {batch_size} clips cannot be drawn from {len(data)} clips with features and text",
                hint=f"choose --batch-size {len(data)} or less",
            )
        if batch_size % shard[1]:
            raise TrainingError(f"a batch of {batch_size} does not divide among {shard[1]} processes")
        self.data, self.batch_size, self.seed, self.max_frames, self.shard = data, batch_size, seed, max_frames, shard
        self.epoch, self.step = 0, 0

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch."""
        return len(self.data) // self.batch_size

    def rest_of_epoch(self) -> Iterator[Batch]:
        """The batches that remain in the current epoch; after the last one, the next epoch stands ready.

        The state counts a batch as done as soon as the next one is asked for, or the loop over them ends.
        """
        order, draw = self._plan()
        share = self.batch_size // self.shard[1]
        while self.step < self.steps_per_epoch:
            first = self.step * self.batch_size + self.shard[0] * share
            index = order[first : first + share]
            yield self.data.batch(index, draw[index], max_frames=self.max_frames)
            self.step += 1
        self.epoch, self.step = self.epoch + 1, 0

    def state_dict(self) -> dict[str, int]:
        """Where the sequence stands; JSON can hold it."""
        return {"seed": self.seed, "epoch": self.epoch, "step": self.step, "clips": len(self.data)}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on where ``state`` stood.

        Raises:
            TrainingError: it is of another seed or another number of clips, so the order would differ.
        """
        for key, mine in (("seed", self.seed), ("clips", len(self.data))):
            if state[key] != mine:
                raise TrainingError(f"the checkpoint's batches have {key} {state[key]}, this run's {mine}")
        self.epoch, self.step = int(state["epoch"]), int(state["step"])

    def _plan(self) -> tuple[Rows, Rows]:
        random = np.random.default_rng([self.seed, self.epoch])
        order: Rows = random.permutation(len(self.data)).astype(np.int64)
        return order, random.integers(0, 1 << 30, len(self.data))
