# SPDX-License-Identifier: Apache-2.0
"""Errors in the log of a host program, without what may name a patient."""

from __future__ import annotations

import logging
import traceback


def log_error(logger: logging.Logger, what: str, error: BaseException) -> None:
    """Log that something failed, with the types of the exceptions and the places in the code, but not their messages.

    The message of an exception may hold the name of a volume or of a file, and that may be a patient's. What the user
    must know of it is shown in the panel.

    Parameters
    ----------
    logger : logging.Logger
        The caller's.
    what : str
        What failed, in one sentence.
    error : BaseException
        Why.
    """
    logger.error("%s\n%s", what, _without_messages(error))


def _without_messages(error: BaseException) -> str:
    """Return the traceback of an exception and of those that led to it, the first one first."""
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
