# SPDX-License-Identifier: Apache-2.0
"""One sentence for whatever goes wrong inside a damaged file."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ICHSegmentationLib.errors import InputError

_logger = logging.getLogger(__name__)


@contextmanager
def damage_named(path: Path, what: str = "it cannot be read") -> Iterator[None]:
    """Turn any exception that a damaged file provokes into an :class:`InputError` that names the file.

    Parsers and decoders raise many kinds of exception, which share no base class.
    """
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        # A parser's message may quote the header, and with it the patient's name: neither shown nor logged.
        _logger.debug("%s while reading a file", type(error).__name__)
        message = f"{path} is truncated or corrupt: {what}."
        raise InputError(message) from None
