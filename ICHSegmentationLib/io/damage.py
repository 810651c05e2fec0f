# SPDX-License-Identifier: Apache-2.0
"""Errors that name a damaged file."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

_logger = logging.getLogger(__name__)


@contextmanager
def damage_named(path: Path, kind: str = "") -> Iterator[None]:
    """Turn any exception that a damaged file raises into an :class:`InputError` that names the file.

    Parsers and decoders raise many kinds of exception, which share no base class.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        Format that it was read as, for the message; left out if empty.
    """
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        # A parser's message may quote the header, and with it the patient's name: neither shown nor logged.
        _logger.debug("%s while reading a file", type(error).__name__)
        damaged = message("io.damaged_as", path=path, file_format=kind) if kind else message("io.damaged", path=path)
        raise InputError(damaged) from None
