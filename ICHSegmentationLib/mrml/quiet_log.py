# SPDX-License-Identifier: Apache-2.0
"""Error logging without patient data."""

from __future__ import annotations

import logging
import traceback


def log_error(logger: logging.Logger, what: str, error: BaseException) -> None:
    """Log an error with exception types and tracebacks, but without exception messages.

    A message may contain the name of a volume or file, and with it a patient's name. The panel shows the message.

    Parameters
    ----------
    logger : logging.Logger
        Logger of the caller.
    what : str
        What failed, in one sentence.
    error : BaseException
        The exception.
    """
    logger.error("%s\n%s", what, _without_messages(error))


def _without_messages(error: BaseException) -> str:
    """Return the tracebacks of an exception and its causes, the first cause first."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\nthen\n".join(map(_places, reversed(chain)))


def _places(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    places = [f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}' for frame in frames]
    return "\n".join([*places, type(error).__name__])
