# SPDX-License-Identifier: Apache-2.0
"""Run the command ``ichseg``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple


class Outcome(NamedTuple):
    """Exit code and output of a command."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


def ichseg(*arguments: object) -> Outcome:
    """Run the command in a separate process."""
    command = [sys.executable, "-m", "ICHSegmentationLib.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Outcome(done.returncode, done.stdout, done.stderr)
