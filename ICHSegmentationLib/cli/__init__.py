# SPDX-License-Identifier: Apache-2.0
"""The ``ichseg`` command: :func:`main` is its entry point."""

from __future__ import annotations

from ICHSegmentationLib.cli.failures import exit_code_of
from ICHSegmentationLib.core.signals import exit_code_of_signal, exit_on_signals


def main() -> int:
    """Run the command with the process's arguments.

    Returns
    -------
    int
        Exit code: 0 done, 2 invalid input or option, 1 failure, 130 interrupted, 129 and 143 ended by SIGHUP and
        SIGTERM.
    """
    exit_on_signals()
    try:
        from ICHSegmentationLib.cli.app import app  # inside `try`, for an interrupt during the import

        app()
    except (Exception, KeyboardInterrupt) as error:
        signal_code = exit_code_of_signal()
        return exit_code_of(error) if signal_code is None else signal_code
    return 0
