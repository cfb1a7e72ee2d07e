"""``python -m multiyoucook2`` is ``mycook``."""

from .cli import main

if __name__ == "__main__":
    main()
