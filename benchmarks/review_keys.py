"""How long the review page takes from a key to the signals on the screen, and to confirm stages that are typed quickly.

    python benchmarks/review_keys.py [--folder staged/night] [--rows 40] [--width 3840] [--height 2160] [--typed 20]

Opens the page in headless Chromium, which draws without a graphics processor: what is printed is an upper bound of what
a workstation shows. Without a folder a simulated night of half an hour is reviewed; rows are added to its montage up to
the number asked for. Printed are the median and the longest of 20 epochs paged through, and the milliseconds until as
many stages as asked for, typed without a pause, are on the disk. Needs the extra ``review`` and Chromium.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
sys.path[:0] = [str(TESTS / "browser"), str(TESTS / "review")]

from chromium import Chromium  # noqa: E402
from review_nights import write_night  # noqa: E402
from review_page import Served, open_page, press  # noqa: E402

PRESS = "const press = (key) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));"
PAGED = """
(async () => {
  const loaded = () => document.documentElement.dataset.loaded;
  const taken = [];
  for (let k = 1; k <= 20; k++) {
    const began = performance.now();
    press('ArrowRight');
    while (loaded() !== String(30 * k)) await new Promise((done) => setTimeout(done, 1));
    await new Promise(requestAnimationFrame);
    taken.push(performance.now() - began);
    await new Promise((done) => setTimeout(done, 300));
  }
  return taken.sort((a, b) => a - b);
})()
"""
TYPED = """
(async () => {
  const began = performance.now();
  for (let k = 0; k < %d; k++) press(String(1 + k %% 3));
  while (document.documentElement.dataset.pending !== '0') await new Promise((done) => setTimeout(done, 1));
  return performance.now() - began;
})()
"""


def main() -> None:
    """Open a night and press keys."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--width", type=int, default=3840)
    parser.add_argument("--height", type=int, default=2160)
    parser.add_argument("--typed", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        night = arguments.folder or write_night(folder)
        server = Served(night)
        try:
            with Chromium(folder / "profile") as browser:
                open_page(browser, server)
                browser.resize(arguments.width, arguments.height)
                press(browser, "Home")
                more = f"{arguments.rows} - document.querySelectorAll('#montage .row').length"
                browser.value(f"for (let k = {more}; k > 0; k--) document.getElementById('derive').click()")
                browser.wait("!document.getElementById('spectrogram').hidden", seconds=120)
                browser.wait("document.documentElement.dataset.loaded === '0'", seconds=120)
                paged = browser.value(f"(() => {{ {PRESS} return {PAGED.strip()} }})()")
                typed = browser.value(f"(() => {{ {PRESS} return {TYPED.strip() % arguments.typed} }})()")
        finally:
            server.kill()
    figures = {"rows": arguments.rows, "width": arguments.width, "paged_ms": [round(paged[10]), round(paged[-1])]}
    print(json.dumps({**figures, "typed": arguments.typed, "confirmed_ms": round(typed)}))


if __name__ == "__main__":
    main()
