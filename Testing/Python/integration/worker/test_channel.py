# SPDX-License-Identifier: Apache-2.0
"""The worker takes lines up to a limit."""

from __future__ import annotations

from io import BytesIO

import pytest

from ICHSegmentationLib.worker.protocol.lines import LONGEST_LINE
from ICHSegmentationLib.worker.server.channel import Channel

LONG = b"x" * LONGEST_LINE


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        (b"one\ntwo\n", [b"one\n", b"two\n"]),
        (b"one\n" + LONG + b"x\ntwo\n", [b"one\n", None, b"two\n"]),
        (LONG + LONG + LONG + b"\ntwo\n", [None, b"two\n"]),
        (LONG[1:] + b"\ntwo", [LONG[1:] + b"\n", b"two"]),
        (LONG + b"x", [None]),
    ],
)
def test_a_line_that_is_too_long_is_dropped_whole(sent, taken):
    assert list(Channel(BytesIO(sent), BytesIO()).lines()) == taken
