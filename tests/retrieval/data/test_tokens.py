"""Padding, length buckets and pooling."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from multiyoucook2.retrieval.data.tokens import make_buckets, pad_tokens
from multiyoucook2.retrieval.model.pooling import cls_pool, mean_pool, pool

TOKEN_LISTS = st.lists(st.lists(st.integers(1, 99), min_size=1, max_size=12), min_size=1, max_size=20)


def test_padding_and_its_mask() -> None:
    tokens = pad_tokens([[5, 6], [7]], pad_id=9)
    assert tokens.ids_NL.tolist() == [[5, 6], [7, 9]]
    assert tokens.mask_NL.tolist() == [[1, 1], [1, 0]]


@given(texts=TOKEN_LISTS, overhead=st.integers(0, 60), max_tokens=st.none() | st.integers(1, 60))
def test_buckets_hold_every_text_once_and_restore_their_order(
    texts: list, overhead: int, max_tokens: int | None
) -> None:
    buckets = make_buckets(texts, 0, overhead=overhead, max_tokens=max_tokens)
    assert len(buckets) == len(texts)
    sums = buckets.restore([(part.ids_NL * part.mask_NL).sum(1, keepdim=True) for part in buckets.parts])
    assert sums.flatten().tolist() == [sum(text) for text in texts]
    lengths = buckets.restore([part.mask_NL.sum(1) for part in buckets.parts])
    assert lengths.tolist() == [len(text) for text in texts]
    for whole in make_buckets(texts, 0, overhead=overhead).parts:
        assert int(whole.mask_NL.sum(1).max()) == whole.ids_NL.shape[1]  # no column is all padding
        pieces = [part for part in buckets.parts if part.ids_NL.shape[1] == whole.ids_NL.shape[1]]
        assert torch.cat([part.ids_NL for part in pieces]).equal(whole.ids_NL)
        if max_tokens is not None:
            assert all(part.ids_NL.numel() <= max_tokens for part in pieces if len(part.ids_NL) > 1)


def cost(cuts: list[list[int]], overhead: int) -> int:
    return sum(len(run) * max(run) + overhead for run in cuts)


@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=9), overhead=st.integers(0, 30))
def test_the_cuts_are_the_cheapest(lengths: list[int], overhead: int) -> None:
    lengths = sorted(lengths)
    found = make_buckets([[1] * n for n in lengths], 0, overhead=overhead)
    mine = sum(part.ids_NL.numel() + overhead for part in found.parts)
    every = []  # all 2^(n-1) ways to cut
    for choice in range(2 ** (len(lengths) - 1)):
        runs, run = [], [lengths[0]]
        for bit, length in enumerate(lengths[1:]):
            if choice >> bit & 1:
                runs.append(run)
                run = []
            run.append(length)
        every.append(cost([*runs, run], overhead))
    assert mine == min(every)


def test_gradients_pass_through_restore() -> None:
    buckets = make_buckets([[1, 1, 1], [1], [1, 1]], 0, overhead=0)
    parts = [torch.zeros(len(part.ids_NL), 1, requires_grad=True) for part in buckets.parts]
    weights = torch.tensor([[10.0], [20.0], [30.0]])
    (buckets.restore(parts) * weights).sum().backward()
    assert [float(part.grad) for part in parts if part.grad is not None] == [20, 30, 10]


def test_pooling_reads_its_own_mask_only() -> None:
    hidden = torch.tensor([[[1.0, 2], [3, 4], [100, 100]], [[5, 6], [100, 100], [100, 100]]])
    mask = torch.tensor([[1, 1, 0], [1, 0, 0]])
    assert mean_pool(hidden, mask).tolist() == [[2, 3], [5, 6]]
    assert cls_pool(hidden, mask).tolist() == [[1, 2], [5, 6]]
    assert torch.equal(pool(hidden, mask, "mean"), mean_pool(hidden, mask))
    assert torch.equal(pool(hidden, mask, "cls"), cls_pool(hidden, mask))
    assert mean_pool(hidden, torch.zeros_like(mask)).tolist() == [[0, 0], [0, 0]]
    with pytest.raises(ValueError, match="do not fit"):
        mean_pool(hidden, mask[:, :2])
