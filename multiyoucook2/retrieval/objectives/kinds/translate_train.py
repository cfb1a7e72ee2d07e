"""The baseline that sees all languages: the sum over l of NCE(S_l). Teachers are trained by it too."""

from ..base import OBJECTIVES, Objective

OBJECTIVES.add(Objective("translate-train", "contrastive, summed over all languages"))
