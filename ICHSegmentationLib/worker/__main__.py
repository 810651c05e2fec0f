# SPDX-License-Identifier: Apache-2.0
"""Start of the worker process."""

from __future__ import annotations

import argparse
import faulthandler
import logging
from pathlib import Path

from ICHSegmentationLib.worker.channel import Channel


def main() -> None:
    """Take the standard streams, then import what works: an import may print."""
    parser = argparse.ArgumentParser(prog="python -m ICHSegmentationLib.worker", description=__doc__)
    parser.add_argument("--folder", type=Path, help="private folder of the host; removed when the host ends or dies")
    folder = parser.parse_args().folder
    channel = Channel.take_standard_streams()
    faulthandler.enable()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("ICHSegmentationLib").setLevel(logging.INFO)
    logging.captureWarnings(capture=True)

    from ICHSegmentationLib.worker.loop import Worker

    Worker(channel, folder).run()


main()
