# SPDX-License-Identifier: Apache-2.0
"""One sentence for whatever goes wrong inside a damaged file."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ICHSegmentationLib.core.errors import InputError

_logger = logging.getLogger(__name__)
_CHUNK_BYTES = 1 << 20


def check_gzip(path: Path) -> None:
    """Read a gzip file to its end, where its checksum lies: a reader that stops at the last voxel never compares it.

    Raises
    ------
    OSError, EOFError, zlib.error
        If the file is damaged. A file that is not compressed is left alone.
    """
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as stream:
            while stream.read(_CHUNK_BYTES):
                pass


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
