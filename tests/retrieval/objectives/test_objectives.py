"""Objectives against the formulas written out, one number at a time."""

import math

import pytest
import torch
from torch import Tensor

from multiyoucook2.retrieval.objectives.loss import BatchEmbeddings
from multiyoucook2.retrieval.recipe import training_recipe

LANGS = ("en", "de")
T, D, W = 0.2, 0.5, 0.3


def embeddings() -> BatchEmbeddings:
    """Four clips; German lacks the third, where the embedding is NaN to show that it is never read."""
    random = torch.Generator().manual_seed(0)
    text_LBE = torch.randn(2, 4, 5, generator=random, dtype=torch.float64)
    present_LB = torch.tensor([[True, True, True, True], [True, True, False, True]])
    video_BE = torch.randn(4, 5, generator=random, dtype=torch.float64)
    return BatchEmbeddings(text_LBE, present_LB, video_BE, torch.arange(4), torch.zeros(4, dtype=torch.int64))


TEACHERS = torch.rand(3, 4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
ENGLISH = torch.tensor([True, False, True, True])  # of the teachers' texts


def loss_of(objective: str, **values: object) -> float:
    settings = {"objective": objective, "temperature": T, "distillation_temperature": D, "contrastive_weight": W}
    loss = training_recipe("c2kd-tiny", settings | values).loss(LANGS)
    needed = () if objective in ("zero-shot", "translate-train") else (TEACHERS, ENGLISH)
    return float(loss(embeddings(), *needed).detach())


def sims(lang: int, rows: list[int]) -> list[list[float]]:
    found = embeddings()
    return [
        [float(torch.cosine_similarity(found.text_LBE[lang, a], found.video_BE[b], dim=0)) for b in rows] for a in rows
    ]


def softmax(row: list[float]) -> list[float]:
    total = sum(math.exp(value) for value in row)
    return [math.exp(value) / total for value in row]


def nce(sim: list[list[float]]) -> float:
    both = (sim, [list(column) for column in zip(*sim, strict=True)])
    return sum(-math.log(softmax([v / T for v in row])[i]) / len(m) for m in both for i, row in enumerate(m))


def kl(teacher: list[list[float]], student: list[list[float]]) -> float:
    total = 0.0
    for side in (lambda m: m, lambda m: [list(column) for column in zip(*m, strict=True)]):
        for theirs, mine in zip(side(teacher), side(student), strict=True):
            p, q = softmax([v / D for v in theirs]), softmax([v / D for v in mine])
            total += sum(a * math.log(a / b) for a, b in zip(p, q, strict=True)) / len(teacher)
    return total


def taught(teacher_BB: Tensor, rows: list[int]) -> list[list[float]]:
    values: list[list[float]] = teacher_BB[rows][:, rows].tolist()
    return values


ALL, GERMAN = [0, 1, 2, 3], [0, 1, 3]
CONTRASTIVE = nce(sims(0, ALL)) + nce(sims(1, GERMAN))
PAIRS = ((0, [0, 2, 3]), (1, [0, 3]))  # language, clips that it distils: with a text and with English


def distilled(teacher_BB: Tensor) -> float:
    return sum(kl(taught(teacher_BB, rows), sims(lang, rows)) for lang, rows in PAIRS)


def test_baselines() -> None:
    assert loss_of("zero-shot") == pytest.approx(nce(sims(0, ALL)))
    assert loss_of("translate-train") == pytest.approx(CONTRASTIVE)


@pytest.mark.parametrize("reduce", ["max", "min", "mean"])
def test_c2kd(reduce: str) -> None:
    reduced = {"max": TEACHERS.amax(0), "min": TEACHERS.amin(0), "mean": TEACHERS.mean(0)}[reduce]
    wanted = W * CONTRASTIVE + (1 - W) * distilled(reduced)
    assert loss_of("c2kd", reduce=reduce) == pytest.approx(wanted)


def test_english_twice_adds_its_contrastive_loss() -> None:
    assert loss_of("c2kd", english_twice=True) - loss_of("c2kd") == pytest.approx(W * nce(sims(0, ALL)))


def test_multi_task_adds_up_the_teachers() -> None:
    assert loss_of("multi-task") == pytest.approx(W * CONTRASTIVE + (1 - W) * sum(distilled(one) for one in TEACHERS))


def test_learned_starts_with_equal_weights_and_has_no_factor() -> None:
    assert loss_of("learned") == pytest.approx(W * CONTRASTIVE + sum(distilled(one) for one in TEACHERS) / 3)


def test_teachtext() -> None:
    squares = 0.0
    for lang, rows in PAIRS:
        theirs, mine = taught(TEACHERS.amax(0), rows), sims(lang, rows)
        gaps = [abs(a - b) for x, y in zip(theirs, mine, strict=True) for a, b in zip(x, y, strict=True)]
        squares += sum(g * g / 2 if g < 1 else g - 0.5 for g in gaps) / len(gaps)
    assert loss_of("teachtext") == pytest.approx(W * CONTRASTIVE + (1 - W) * squares)


def test_a_batch_without_english_is_not_distilled() -> None:
    settings = {"temperature": T, "contrastive_weight": W}
    loss = training_recipe("c2kd-tiny", settings).loss(LANGS)
    assert float(loss(embeddings(), TEACHERS, torch.zeros(4, dtype=torch.bool))) == pytest.approx(W * CONTRASTIVE)


def test_teachers_must_be_given() -> None:
    with pytest.raises(ValueError, match="needs the teachers' similarities"):
        training_recipe("c2kd-tiny").loss(LANGS)(embeddings())
