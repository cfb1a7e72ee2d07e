"""What translating a very large list of captions takes: GPU hours, days, cost and storage, by arithmetic from rates.

    python benchmarks/howto100m.py
    python benchmarks/howto100m.py --tokens-per-second 21000 --price 2.5 --gpus 8 --langs 8

The defaults are docs/howto100m.md's, where each has its source. Measure the rate on one GPU of your own first.
"""

import argparse


def plan(
    captions: float, langs: int, tokens: float, rate: float, again: float, gpus: int, price: float, row_bytes: float
) -> dict[str, float]:
    """Hours, cost and bytes. ``again``: the share of tokens that retries add; ``row_bytes`` of one text, compressed."""
    hours = captions * langs * tokens * (1 + again) / rate / 3600
    return {
        "million output tokens": captions * langs * tokens / 1e6,
        "GPU hours": hours,
        "days": hours / gpus / 24,
        "cost": hours * price,
        "GB of translations": captions * langs * row_bytes / 1e9,
    }


def main() -> None:
    """Parses the arguments and prints the plan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captions", type=float, default=136.6e6)
    parser.add_argument("--langs", type=int, default=8)
    parser.add_argument("--tokens", type=float, default=12, help="output tokens a caption")
    parser.add_argument("--tokens-per-second", type=float, default=8363, help="output tokens of one GPU in a second")
    parser.add_argument("--again", type=float, default=0.12, help="work that retries add, as a share")
    parser.add_argument("--gpus", type=int, default=8)
    parser.add_argument("--price", type=float, default=1.0, help="of a GPU hour")
    parser.add_argument("--row-bytes", type=float, default=21, help="bytes of a translation with score and flags")
    options = parser.parse_args()
    found = plan(
        options.captions, options.langs, options.tokens, options.tokens_per_second, options.again, options.gpus,
        options.price, options.row_bytes,
    )  # fmt: skip
    for name, value in found.items():
        print(f"{name:>22}  {value:,.1f}")


if __name__ == "__main__":
    main()
