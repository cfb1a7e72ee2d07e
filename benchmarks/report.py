"""How long a build's report takes to open in Chromium: python benchmarks/report.py build/x [--repeats 5]

From the start of the navigation to the first frame after all is laid out, with the file in the system's cache.
"""

import argparse
import os
import shutil
import statistics
from pathlib import Path

SHOWN = """() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0)))"""


def main() -> None:
    """Prints the page's size, and the median and the worst of some openings."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    from playwright.sync_api import sync_playwright

    page = options.build / "report" / "index.html"
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tab, found = browser.new_page(), []
        for _ in range(options.repeats):
            tab.goto(page.resolve().as_uri())
            found.append(float(tab.evaluate(SHOWN)))
        browser.close()
    print(f"{page.stat().st_size / 1e3:,.0f} kB: median {statistics.median(found):.0f} ms, worst {max(found):.0f} ms")


if __name__ == "__main__":
    main()
