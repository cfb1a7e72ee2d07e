"""chrF of single texts (Popović, 2015): how many character n-grams two texts share. For ranking; no signature."""

from collections import Counter

ORDER = 6  # of the longest n-gram
BETA = 2  # recall counts so much more than precision


def chrf(text: str, reference: str) -> float:
    """0 to 1; white space does not count.

    >>> chrf("chop the onion", "chop the onion")
    1.0
    """
    left, right = ("".join(value.casefold().split()) for value in (text, reference))
    precisions, recalls = [], []
    for order in range(1, ORDER + 1):
        ours, theirs = _grams(left, order), _grams(right, order)
        if not ours or not theirs:
            continue
        shared = (ours & theirs).total()
        precisions.append(shared / ours.total())
        recalls.append(shared / theirs.total())
    if not precisions or not any(precisions):
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)


def _grams(text: str, order: int) -> Counter[str]:
    return Counter(text[place : place + order] for place in range(len(text) - order + 1))
