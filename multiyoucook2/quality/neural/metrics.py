"""The metrics, one row each: what is installed for them, which model they load, and which way is better.

unbabel-comet 2.2.7 wants transformers 4 and numpy 1, and imports only beside an old setuptools; so it gets an
environment of its own, with these versions, which were seen to import together. MetricX shares it: plain transformers
of version 4 compute it.
"""

from dataclasses import dataclass

from ...errors import RecipeError, nearest


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes:
        kind: how ``metric_program`` loads it. ``model``: hub id of its weights.
        packages: exact versions for its environment.
        needs_reference: whether it compares with a human translation.
        higher_is_better: never mix metrics of both kinds in one ranking.
        license: of the weights.
    """

    name: str
    kind: str
    packages: tuple[str, ...]
    model: str
    needs_reference: bool
    higher_is_better: bool
    license: str


_COMET = (
    "unbabel-comet==2.2.7", "torch==2.13.0", "setuptools==80.10.2", "numpy==1.26.4", "transformers==4.57.6",
    "huggingface_hub==0.36.2", "torchmetrics==0.10.3", "pytorch-lightning==2.6.6", "protobuf==4.25.9",
    "jsonargparse==3.13.1", "pandas==3.0.6", "scipy==1.17.1", "sentencepiece==0.2.3",
)  # fmt: skip
METRICS = {
    row.name: row
    for row in (
        Metric("comet", "comet", _COMET, "Unbabel/wmt22-comet-da", True, True, "apache-2.0"),
        Metric("comet-qe", "comet", _COMET, "Unbabel/wmt20-comet-qe-da", False, True, "apache-2.0"),
        Metric("metricx-qe", "metricx", _COMET, "google/metricx-24-hybrid-large-v2p6", False, False, "apache-2.0"),
        Metric("metricx", "metricx", _COMET, "google/metricx-24-hybrid-large-v2p6", True, False, "apache-2.0"),
    )
}


def find_metric(name: str) -> Metric:
    """The row of a name.

    Raises:
        RecipeError: nobody knows it.
    """
    if name not in METRICS:
        raise RecipeError(f"unknown metric {name!r}", hint=nearest(name, METRICS))
    return METRICS[name]
