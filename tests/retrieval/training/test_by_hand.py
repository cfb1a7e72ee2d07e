"""One training step in numbers: loss, gradients and Adam's step, worked out from the formulas in plain Python.

Two clips, one language, one teacher. The student's embeddings are (cos a, sin a), so that a cosine is the cosine of a
difference of angles, and the derivative in an angle has a closed form.
"""

import math

import pytest
import torch
from torch import nn

from multiyoucook2.retrieval.objectives.loss import BatchEmbeddings
from multiyoucook2.retrieval.recipe import training_recipe
from multiyoucook2.retrieval.training.state import weight_groups

TEXT, VIDEO = (0.1, 0.9), (0.3, 1.4)  # angles
TEACHER = ((0.9, 0.2), (0.1, 0.8))  # cosines
T, D, W, LR = 0.5, 0.4, 0.3, 0.01


def softmax(row: list[float]) -> list[float]:
    parts = [math.exp(value) for value in row]
    return [part / sum(parts) for part in parts]


def by_hand() -> tuple[float, list[float]]:
    """The C2KD loss, and its gradient in the four angles: texts, then videos."""
    cosines = [[math.cos(text - video) for video in VIDEO] for text in TEXT]
    loss, d_cosine = 0.0, [[0.0, 0.0], [0.0, 0.0]]
    for columns in (False, True):  # both directions
        for i in range(2):
            student = [cosines[j][i] if columns else cosines[i][j] for j in range(2)]
            teacher = [TEACHER[j][i] if columns else TEACHER[i][j] for j in range(2)]
            p_t = softmax([value / T for value in student])
            q, p = softmax([value / D for value in teacher]), softmax([value / D for value in student])
            loss += W * -math.log(p_t[i]) / 2
            loss += (1 - W) * sum(a * math.log(a / b) for a, b in zip(q, p, strict=True)) / 2
            for j in range(2):
                slope = W * (p_t[j] - (i == j)) / T / 2 + (1 - W) * (p[j] - q[j]) / D / 2
                row, column = (j, i) if columns else (i, j)
                d_cosine[row][column] += slope
    gradient = [0.0] * 4
    for i in range(2):
        for j in range(2):
            d_angle = -math.sin(TEXT[i] - VIDEO[j]) * d_cosine[i][j]
            gradient[i] += d_angle
            gradient[2 + j] -= d_angle
    return loss, gradient


class Angles(nn.Module):
    """Four angles, the only weights."""

    def __init__(self) -> None:
        super().__init__()
        self.angles = nn.Parameter(torch.tensor([*TEXT, *VIDEO], dtype=torch.float64))

    def forward(self) -> BatchEmbeddings:
        points = torch.stack([self.angles.cos(), self.angles.sin()], dim=1) * 3  # lengths do not matter
        zeros = torch.zeros(2, dtype=torch.int64)
        return BatchEmbeddings(points[None, :2], torch.ones(1, 2, dtype=torch.bool), points[2:], torch.arange(2), zeros)


def test_a_step_in_numbers() -> None:
    recipe = training_recipe(
        "c2kd-tiny",
        {
            "temperature": T, "distillation_temperature": D, "contrastive_weight": W, "lr": LR, "input_dropout": 0.0,
            "dropout": 0.0, "weight_decay": 0.0,
            "teachers": [{"name": "one", "encoder": "tiny"}],
        },
    )  # fmt: skip
    model, objective = Angles(), recipe.loss(["en"])
    optimizer = torch.optim.AdamW(weight_groups(model, objective, recipe), fused=True)
    teachers = torch.tensor([TEACHER], dtype=torch.float64)
    wanted, gradient = by_hand()
    loss = objective(model(), teachers, torch.ones(2, dtype=torch.bool))
    loss.backward()
    assert float(loss.detach()) == pytest.approx(wanted, rel=1e-13)
    assert model.angles.grad is not None
    assert model.angles.grad.tolist() == pytest.approx(gradient, rel=1e-12)
    before = model.angles.detach().clone()
    optimizer.step()
    # Adam's first step, bias corrected: m = g, v = g^2
    steps = [-LR * g / (abs(g) + 1e-8) for g in gradient]
    assert (model.angles.detach() - before).tolist() == pytest.approx(steps, rel=1e-12)
