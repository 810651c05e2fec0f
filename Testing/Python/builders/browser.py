# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, and pages of results in it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from builders.requirements import require_module, require_program

_ARGUMENTS = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-accelerated-2d-canvas",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NO_WEBGL = """
const original = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind === "webgl2" ? null : original.call(this, kind, ...more);
};
"""
"""A browser without 3D; quicker where a test needs none."""
SHOWN_ML = """() => Object.fromEntries(
  [...document.querySelectorAll("[data-volume]")].map((cell) => [cell.dataset.volume, Number(cell.dataset.ml)]),
)"""
"""Volumes that the page shows, in mL."""
TIMEOUT_MS = 60_000


@contextmanager
def chromium() -> Iterator[Any]:
    """Start Debian's Chromium with an empty profile."""
    require_module("playwright", "playwright")
    program = require_program("chromium", "chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        yield browser
        browser.close()


class Opened:
    """A page, what it asked for from elsewhere, and what it complained about."""

    def __init__(self, browser: Any, place: Path | str, *scripts: str, width: int = 1280, height: int = 900) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": height})
        self.context.set_default_timeout(TIMEOUT_MS)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        for script in scripts:
            self.page.add_init_script(script)
        self.page.goto(place if isinstance(place, str) else place.as_uri())
        self.wait()

    def wait(self) -> None:
        """Wait until all views are drawn."""
        self.page.wait_for_selector("html[data-ready=true]", state="attached")
        self.frames()

    def frames(self) -> None:
        """Wait until what was asked for is drawn."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def evaluate(self, script: str, *arguments: Any) -> Any:
        """Evaluate a script in the page."""
        return self.page.evaluate(script, *arguments)

    def pixels(self, selector: str) -> np.ndarray:
        """Return (height, width, 3) uint8 of an element as it is on the screen."""
        from PIL import Image

        picture = self.page.locator(selector).screenshot()
        return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))

    def download(self, action: Any, folder: Path) -> Path:
        """Return the file that an action saves."""
        with self.page.expect_download() as found:
            action()
        path = folder / found.value.suggested_filename
        found.value.save_as(path)
        return path

    def close(self) -> None:
        """Close the page with its profile."""
        self.context.close()


def near_colour(pixels: np.ndarray, colour: str, tolerance: int = 40) -> np.ndarray:
    """Return the mask of pixels near a colour such as ``#FF4D5E``."""
    wanted = np.array(list(bytes.fromhex(colour[1:])), dtype=int)
    return np.abs(pixels.astype(int) - wanted).max(axis=-1) <= tolerance
