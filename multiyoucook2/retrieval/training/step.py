"""One training step's gradient: over all processes, and in pieces, so that any batch fits (gradient caching).

1. Each piece of the batch (a bucket of texts, some clips) is embedded; with caching, without keeping activations.
2. The embeddings of all processes are gathered, and the loss of the whole batch gives the gradient at each embedding.
3. Each piece is embedded again, with the same dropout, and that gradient flows on into the weights.
4. The processes' weight gradients are added up.

The same batch, whole or in pieces of any size, gives the same gradient, dropout included: a row drops the same units
whatever piece it is in (:mod:`.dropout`), in both passes. So does the same batch in several processes, but for the
dropout: each process draws its own.

After GradCache (Gao et al. 2021, arXiv:2101.06983).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from ..data.batches import Batch
from ..data.tokens import Buckets, TextInput, Tokens
from ..model.towers import TextVideoModel
from ..objectives.loss import BatchEmbeddings
from ..objectives.losses import at_least_float32
from .dropout import DropoutByRow
from .processes import add_over_processes, gather, rank, seed_everything

LossOf = Callable[[BatchEmbeddings], Tensor]


def accumulate_gradients(
    model: TextVideoModel,
    batch: Batch,
    loss_of: LossOf,
    *,
    languages: Sequence[str],
    key: tuple[int, ...],
    chunk: int | None = None,
    autocast: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Tensor:
    """Add the gradient of the whole batch's loss to the weights' ``grad``; returns the loss, the same in each process.

    Args:
        batch: this process's share, on the model's device.
        loss_of: the whole batch's embeddings -> scalar; its own parameters get their gradient too.
        languages: the order of ``text_LBE``, the same in every process.
        key: numbers that seed this step's dropout, e.g. (seed, step); nothing else does.
        chunk: clips in a piece of videos; texts come in the parts of ``batch.texts`` (bounded by ``max_tokens`` when
            they were tokenised). ``None``: everything at once, activations kept, no second forward pass.
    """
    texts = list(batch.texts.parts) if isinstance(batch.texts, Buckets) else [batch.texts]
    size = chunk or len(batch.index_B)
    videos = list(zip(torch.split(batch.video_BTD, size), torch.split(batch.mask_BT, size), strict=True))
    places = _places(texts, [video_BTD for video_BTD, _ in videos])

    def embed(piece: int) -> Tensor:
        # What is dropped is a function of the step and the rows, so a second pass drops the same units as the first,
        # and a resumed run the same as a straight one: no generator's state has to be kept anywhere.
        seed_everything(*key, rank(), piece)
        part, first, rows = places[piece]
        with autocast(), DropoutByRow((*key, rank(), *part), first, rows):
            if piece < len(texts):
                return at_least_float32(model.encode_text(texts[piece]))
            return at_least_float32(model.encode_video(*videos[piece - len(texts)]))

    pieces = range(len(texts) + len(videos))
    # With caching, no activations are kept here: memory is then that of one piece, whatever the batch.
    with torch.no_grad() if chunk else nullcontext():
        outputs = [embed(piece) for piece in pieces]
    gradients = _embedding_gradients([out.detach() for out in outputs], len(texts), batch, loss_of, languages)
    for piece in pieces:
        output = embed(piece) if chunk else outputs[piece]
        # the chain rule by hand: d loss / d weights = d loss / d embedding x d embedding / d weights, piece by piece
        output.backward(gradients.pieces[piece])  # type: ignore[no-untyped-call]
    add_over_processes(model)
    return gradients.loss


def _places(texts: Sequence[Tokens | Tensor], videos: Sequence[Tensor]) -> list[tuple[tuple[int, int], int, int]]:
    """Of each piece: which part of the batch it belongs to, its first row there, and how many rows it has."""
    sizes = [
        ((0, part.ids_NL.shape[1]), len(part.ids_NL)) if isinstance(part, Tokens) else ((0, 0), len(part))
        for part in texts
    ]
    sizes += [((1, 0), len(part)) for part in videos]
    ends: Counter[tuple[int, int]] = Counter()
    places = []
    for part, rows in sizes:
        places.append((part, ends[part], rows))
        ends[part] += rows
    return places


class _Gradients:
    def __init__(self, loss: Tensor, pieces: list[Tensor]) -> None:
        self.loss, self.pieces = loss, pieces


def _embedding_gradients(
    outputs: list[Tensor], text_pieces: int, batch: Batch, loss_of: LossOf, languages: Sequence[str]
) -> _Gradients:
    """Pieces' embeddings -> the whole batch's loss, and its gradient at each piece."""
    text_NE = _in_text_order(batch.texts, outputs[:text_pieces])
    video_BE = torch.cat(outputs[text_pieces:])
    numbers = {lang: number for number, lang in enumerate(languages)}
    places = [(numbers[lang], rows) for lang, rows in batch.rows.items()]
    lang_N = torch.cat([torch.full_like(rows, number) for number, rows in places])
    clip_N = torch.cat([rows for _, rows in places])
    text_BLE = text_NE.new_zeros(len(video_BE), len(numbers), text_NE.shape[1])
    present_BL = torch.zeros(text_BLE.shape[:2], dtype=torch.bool, device=text_NE.device)
    text_BLE[clip_N, lang_N] = text_NE
    present_BL[clip_N, lang_N] = True
    # Every process computes the loss of the whole batch, as a clip's negatives are all the others, wherever they are.
    # Clips come first in all of these, so that processes' shares lie end to end.
    leaves = [gather(text_BLE).requires_grad_(), gather(video_BE).requires_grad_()]
    everything = BatchEmbeddings(
        leaves[0].transpose(0, 1),
        gather(present_BL).T,
        leaves[1],
        gather(batch.index_B),
        gather(batch.caption_B),
    )
    loss = loss_of(everything)
    loss.backward()  # type: ignore[no-untyped-call]
    # Of that gradient each process carries on its own clips' part; step 4 adds up what they make of it.
    share = slice(rank() * len(video_BE), (rank() + 1) * len(video_BE))
    zeros = [torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for leaf in leaves]
    text_grad_NE = zeros[0][share][clip_N, lang_N]
    if isinstance(batch.texts, Buckets):
        text_grad_NE = text_grad_NE[batch.texts.position_N]
    text_grads = torch.split(text_grad_NE, [len(out) for out in outputs[:text_pieces]])
    video_grads = torch.split(zeros[1][share], [len(out) for out in outputs[text_pieces:]])
    return _Gradients(loss.detach(), [*text_grads, *video_grads])


def _in_text_order(texts: TextInput, parts: list[Tensor]) -> Tensor:
    return texts.restore(parts) if isinstance(texts, Buckets) else parts[0]
