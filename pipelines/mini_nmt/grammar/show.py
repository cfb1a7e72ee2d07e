"""Print captions beside one language's text: ``python -m pipelines.mini_nmt.grammar.show de 60 --seed 1``."""

import argparse

from . import MODULES, Sampler, load_language
from .base import check_ids


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lang", choices=sorted(MODULES))
    parser.add_argument("count", type=int, nargs="?", default=40)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    for problem in check_ids(args.lang):
        print("PROBLEM", problem)
    language, sampler = load_language(args.lang), Sampler(seed=args.seed)
    for _ in range(args.count):
        caption = sampler.caption()
        print(f"{caption.english}\n    {language.realise(caption.clauses, caption.opener)}")


if __name__ == "__main__":
    main()
