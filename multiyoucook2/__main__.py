"""``python -m multiyoucook2`` is ``mycook``."""

from .cli.process import main

if __name__ == "__main__":
    main()
