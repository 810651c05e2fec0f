# SPDX-License-Identifier: Apache-2.0
"""Start of the worker process."""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import logging
import os
import sys
from pathlib import Path

if not __package__:
    # Started as a file: use the library beside it, whatever else is installed.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ICHSegmentationLib.worker.server.channel import Channel


def main() -> None:
    """Reserve the standard streams, then import the rest, since an import may print."""
    parser = argparse.ArgumentParser(prog="python -m ICHSegmentationLib.worker", description=__doc__)
    parser.add_argument("--folder", type=Path, help="private folder of the client; removed when it ends or dies")
    folder = parser.parse_args().folder
    channel = Channel.take_standard_streams()
    _leave_the_terminal()
    faulthandler.enable()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("ICHSegmentationLib").setLevel(logging.INFO)
    logging.captureWarnings(capture=True)

    from ICHSegmentationLib.core.signals import exit_on_signals
    from ICHSegmentationLib.worker.server.loop import Worker

    exit_on_signals()
    Worker(channel, folder).run()


def _leave_the_terminal() -> None:
    """Start a new session, so that Ctrl+C reaches the client only; the worker ends with the client."""
    if hasattr(os, "setsid"):
        with contextlib.suppress(PermissionError):
            os.setsid()


main()
