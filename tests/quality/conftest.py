"""A tab of a browser for the pages."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import chromium


@pytest.fixture
def tab() -> Iterator[Any]:
    """A tab; what the console calls an error, a refused script among it, fails the test."""
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 1000, "height": 800})
        wrong: list[str] = []
        tab.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("dialog", lambda dialog: wrong.append(dialog.message) or dialog.dismiss())
        yield tab
        assert not wrong
