# SPDX-License-Identifier: Apache-2.0
"""``ichseg listen``: a DICOM node that segments what it receives."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path


def run(config: Path) -> None:
    """Receive and segment until the process gets SIGTERM or an interrupt; see ``ichseg listen --help``."""
    from ICHSegmentationLib.cohort.node.config import read_config
    from ICHSegmentationLib.cohort.node.health import HealthPage
    from ICHSegmentationLib.cohort.node.receiver import receive
    from ICHSegmentationLib.cohort.node.service import Health, Node

    settings = read_config(config)
    logger = logging.getLogger("ICHSegmentationLib")
    logger.addHandler(logging.StreamHandler(sys.stderr))
    logger.propagate = False
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as closing:
        node = Node(settings)
        closing.callback(node.close)
        page = None
        if settings.health_port:
            page = HealthPage(settings.health_port)
            closing.callback(page.close)
        # Last started, first ended: no image is accepted that nobody looks after.
        closing.callback(receive(settings, node.inbox).shutdown)
        print(f"listening as {settings.ae_title} at {settings.address}:{settings.port}", file=sys.stderr, flush=True)

        def show(health: Health) -> None:
            if page is not None:
                page.show(health)

        node.run(stop, show)
