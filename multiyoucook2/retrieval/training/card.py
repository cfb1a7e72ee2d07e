"""The part of a model's card that says how it was trained and what it scored."""

from ..evaluation.results import Evaluation
from ..recipe import TrainingRecipe

_SCORES, _IN_CARD = "## Scores", ("recall_at_1", "recall_at_5", "recall_at_10", "median_rank")


def with_scores(card: str, recipe: TrainingRecipe, evaluation: Evaluation) -> str:
    """The card with how the model was trained and what it scored, in place of such a part that it has already."""
    tables = []
    for task, title in (("t2v", "Text to video"), ("v2t", "Video to text")):
        rows = [row for row in evaluation.rows if row.task == task]
        lines = [
            " | ".join(["", row.lang, *(f"{row.values[name]:.1f}" for name in _IN_CARD), ""]).strip() for row in rows
        ]
        head = f"{title}:\n\n| language | R@1 | R@5 | R@10 | median rank |\n|---|---|---|---|---|"
        tables.append("\n".join([head, *lines]))
    simulated = any("|feat:simulated" in row.signature for row in evaluation.rows)
    warning = "The features are simulated from captions: no video is behind these figures.\n\n" if simulated else ""
    signatures = "\n".join(row.signature for row in evaluation.rows if row.signature)
    return (
        f"{card.partition(_SCORES)[0].rstrip()}\n\n{_SCORES}\n\nTrained with the recipe {recipe.name} (objective "
        f"{recipe.objective}, {recipe.epochs} epochs, seed {recipe.seed}).\n\n{warning}"
        + "\n\n".join(tables)
        + f"\n\n```\n{signatures}\n```\n"
    )
