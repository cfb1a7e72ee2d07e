"""Losses against hand-worked tables, slow loops, and numerical gradients."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from multiyoucook2.retrieval.objectives.losses import distillation_loss, symmetric_info_nce, teachtext_loss
from multiyoucook2.retrieval.objectives.similarity import cosine_similarity
from multiyoucook2.retrieval.objectives.teachers import LearnedTeacherWeights, TeacherEmbeddings, reduce_similarities


def sims(size: int, seed: int = 0) -> Tensor:
    return torch.rand(size, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


def slow_info_nce(sim: Tensor, temperature: float) -> float:
    size, total = len(sim), 0.0
    for i in range(size):
        row = sum(math.exp(float(sim[i, j]) / temperature) for j in range(size))
        column = sum(math.exp(float(sim[j, i]) / temperature) for j in range(size))
        own = math.exp(float(sim[i, i]) / temperature)
        total += -math.log(own / row) - math.log(own / column)
    return total / size


def slow_distillation(student: Tensor, teacher: Tensor, temperature: float) -> float:
    total = 0.0
    for s, t in ((student, teacher), (student.T, teacher.T)):
        for i in range(len(s)):
            p = [math.exp(float(x) / temperature) for x in t[i]]
            q = [math.exp(float(x) / temperature) for x in s[i]]
            total += sum(a / sum(p) * math.log((a / sum(p)) / (b / sum(q))) for a, b in zip(p, q, strict=True)) / len(s)
    return total


def test_info_nce_by_hand() -> None:
    # S / t = [[2, 1], [0, 2]]: a row's or column's loss is log(1 + e^(other - own))
    sim = torch.tensor([[1.0, 0.5], [0.0, 1.0]])
    rows = math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-2))
    columns = math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-1))
    assert float(symmetric_info_nce(sim, temperature=0.5)) == pytest.approx((rows + columns) / 2, rel=1e-6)


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0])
def test_constant_similarities_give_two_log_b(value: float) -> None:
    assert float(symmetric_info_nce(torch.full((5, 5), value), temperature=0.05)) == pytest.approx(2 * math.log(5))


def test_one_pair_has_no_loss() -> None:
    assert float(symmetric_info_nce(torch.tensor([[-0.3]]), temperature=0.1)) == 0


@given(size=st.integers(1, 6), seed=st.integers(0, 99), temperature=st.floats(0.05, 2))
def test_losses_agree_with_slow_loops(size: int, seed: int, temperature: float) -> None:
    student, teacher = sims(size, seed), sims(size, seed + 100)
    assert float(symmetric_info_nce(student, temperature=temperature)) == pytest.approx(
        slow_info_nce(student, temperature), abs=1e-9
    )
    assert float(distillation_loss(student, teacher, temperature=temperature)) == pytest.approx(
        slow_distillation(student, teacher, temperature), abs=1e-9
    )


def test_gradients_are_those_of_the_formulas() -> None:
    student, teacher = sims(4).requires_grad_(), sims(4, 1)
    assert torch.autograd.gradcheck(lambda s: symmetric_info_nce(s, temperature=0.3), student)
    assert torch.autograd.gradcheck(lambda s: distillation_loss(s, teacher, temperature=0.3), student)
    assert torch.autograd.gradcheck(lambda s: teachtext_loss(s, teacher), student)


def test_divergence_and_the_papers_cross_entropy_have_the_same_gradient() -> None:
    student, teacher, d = sims(5).requires_grad_(), sims(5, 1), 0.1

    def cross_entropy(s: Tensor, t: Tensor) -> Tensor:
        return -((t / d).softmax(1) * (s / d).log_softmax(1)).sum(1).mean()

    loss = distillation_loss(student, teacher, temperature=d)
    (mine,) = torch.autograd.grad(loss, student)
    paper = cross_entropy(student, teacher) + cross_entropy(student.T, teacher.T)
    (theirs,) = torch.autograd.grad(paper, student)
    torch.testing.assert_close(mine, theirs)
    entropy = -sum((t / d).softmax(1).mul((t / d).log_softmax(1)).sum(1).mean() for t in (teacher, teacher.T))
    assert float(paper.detach()) == pytest.approx(float((loss + entropy).detach()))


def test_distillation_of_itself_is_zero_and_the_teacher_gets_no_gradient() -> None:
    assert float(distillation_loss(sims(4), sims(4), temperature=0.1)) == pytest.approx(0, abs=1e-12)
    for loss in (
        distillation_loss(sims(4), sims(4, 1).requires_grad_(), temperature=0.1),
        teachtext_loss(sims(4), sims(4, 1).requires_grad_()),
    ):
        assert not loss.requires_grad


def test_a_shift_of_all_similarities_does_not_matter_to_the_divergence() -> None:
    one, two = sims(4), sims(4, 1)
    torch.testing.assert_close(
        distillation_loss(one + 0.3, two - 0.2, temperature=0.1), distillation_loss(one, two, temperature=0.1)
    )


def test_teachtext_by_hand() -> None:
    student, teacher = torch.tensor([[0.5, 0.0], [0.0, 1.0]]), torch.tensor([[0.0, 0.0], [0.0, -1.0]])
    assert float(teachtext_loss(student, teacher)) == pytest.approx((0.5**2 / 2 + (2 - 0.5)) / 4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_float32(dtype: torch.dtype) -> None:
    low, other = sims(8).to(dtype), sims(8, 1).to(dtype)
    for loss, exact in (
        (symmetric_info_nce(low, temperature=0.05), symmetric_info_nce(low.float(), temperature=0.05)),
        (
            distillation_loss(low, other, temperature=0.1),
            distillation_loss(low.float(), other.float(), temperature=0.1),
        ),
        (teachtext_loss(low, other), teachtext_loss(low.float(), other.float())),
        (reduce_similarities(low[None], reduce="mean"), low.float()),
    ):
        assert loss.dtype == torch.float32
        assert torch.equal(loss, exact)


def test_float64_stays() -> None:
    one, two = sims(3), sims(3, 1)
    found = [
        symmetric_info_nce(one, temperature=0.1),
        distillation_loss(one, two, temperature=0.1),
        teachtext_loss(one, two),
    ]
    found += [reduce_similarities(one[None], reduce="max"), cosine_similarity(one, two)]
    assert {value.dtype for value in found} == {torch.float64}


def test_wrong_shapes_and_temperatures() -> None:
    with pytest.raises(ValueError, match=r"\[B, B\].*\[2, 3\]"):
        symmetric_info_nce(torch.zeros(2, 3), temperature=0.1)
    with pytest.raises(ValueError, match=r"\[0, 0\]"):
        symmetric_info_nce(torch.zeros(0, 0), temperature=0.1)
    for temperature in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="temperature"):
            symmetric_info_nce(torch.zeros(2, 2), temperature=temperature)
    with pytest.raises(ValueError, match=r"\[2, 2\] and \[3, 3\]"):
        distillation_loss(torch.zeros(2, 2), torch.zeros(3, 3), temperature=0.1)
    with pytest.raises(ValueError, match="differ in shape"):
        teachtext_loss(torch.zeros(2, 2), torch.zeros(1, 2))
    with pytest.raises(ValueError, match=r"\[Q, E\]"):
        cosine_similarity(torch.zeros(2, 2), torch.zeros(2, 3))


def test_reduce_says_what_it_computes() -> None:
    stack = torch.tensor([[[0.1, 0.9], [0.2, -1.0]], [[0.3, 0.5], [0.2, 1.0]]])
    assert reduce_similarities(stack, reduce="max").tolist() == torch.tensor([[0.3, 0.9], [0.2, 1.0]]).tolist()
    assert reduce_similarities(stack, reduce="min").tolist() == torch.tensor([[0.1, 0.5], [0.2, -1.0]]).tolist()
    torch.testing.assert_close(reduce_similarities(stack, reduce="mean"), torch.tensor([[0.2, 0.7], [0.2, 0.0]]))
    with pytest.raises(ValueError, match="max, min, mean"):
        reduce_similarities(stack, reduce="median")  # type: ignore[arg-type]
    for shape in ((2, 2), (0, 2, 2)):
        with pytest.raises(ValueError, match=r"\[K, B, B\]"):
            reduce_similarities(torch.zeros(shape), reduce="max")


def test_learned_weights_start_equal_and_follow_the_smaller_loss() -> None:
    weights = LearnedTeacherWeights(2)
    losses = torch.tensor([1.0, 3.0])
    assert float(weights(losses).detach()) == 2
    optimiser = torch.optim.Adam(weights.parameters(), lr=0.1)
    for _ in range(20):
        optimiser.zero_grad()
        weights(losses).backward()
        optimiser.step()
    assert weights.weights()[0] > 0.9
    assert float(weights.weights().sum().detach()) == pytest.approx(1)
    with pytest.raises(ValueError, match="2 teachers"):
        weights(torch.ones(3))


def test_teacher_embeddings_give_each_teachers_cosines() -> None:
    pairs = [(torch.randn(6, size), torch.randn(6, size)) for size in (3, 5)]
    index, first = torch.tensor([4, 0, 2]), torch.zeros(3, dtype=torch.int64)
    rows = torch.arange(6)[:, None]
    found = TeacherEmbeddings(pairs, rows).to("cpu").similarities(index, first)
    assert found.shape == (2, 3, 3)
    for k, (text, video) in enumerate(pairs):
        torch.testing.assert_close(found[k], cosine_similarity(text[index], video[index]))
    with pytest.raises(ValueError, match="at least one"):
        TeacherEmbeddings([], rows)
    with pytest.raises(ValueError, match="do not fit"):
        TeacherEmbeddings([(torch.zeros(2, 3), torch.zeros(3, 3))], rows)
