"""Chromium for the pages: Debian's (``apt-get install chromium``) or the one at ``$CHROMIUM``, with playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser, closed at the end; the test is skipped where there is none."""
    playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    playwright_api.expect.set_options(timeout=30_000)  # ms; a machine full of other work answers late
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def ready(tab: Any) -> Any:
    """The tab, once its page listens: before its script has run, or before the first paint, a key can be lost."""
    tab.wait_for_load_state()
    tab.wait_for_function("() => performance.getEntriesByType('paint').length > 0")
    return tab
