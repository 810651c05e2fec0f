# SPDX-License-Identifier: Apache-2.0
"""``ichseg review``: a page over many cases, and the table of the verdicts."""

from __future__ import annotations

from pathlib import Path

from ICHSegmentationLib.cli.terminal import Terminal


def serve(folder: Path, port: int) -> None:
    """Show the pages and save verdicts and corrections until the user stops it."""
    terminal = Terminal()
    with terminal:
        from ICHSegmentationLib.review.server import ReviewServer

        server = ReviewServer(folder, port)
    with server:
        terminal.show({"address": server.address}, f"{server.address}\nOpen it in a browser here; Ctrl+C ends it.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            terminal.line("ended")


def run(folder: Path, *, as_json: bool, quiet: bool) -> None:
    """Find the cases and write the page; see ``ichseg review --help``."""
    terminal = Terminal(quiet=quiet, as_json=as_json)
    with terminal:
        from ICHSegmentationLib.review.cases import find_cases
        from ICHSegmentationLib.review.index import write_index

        cases = find_cases(folder)
        written = write_index(folder, cases)
    judged = sum(case.review is not None for case in cases)
    content = {"cases": len(cases), "verdicts": judged, "outputs": [str(path) for path in written]}
    terminal.show(content, f"{len(cases)} cases, {judged} with a verdict: {', '.join(map(str, written))}")
