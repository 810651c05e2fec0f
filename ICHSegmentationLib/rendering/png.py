# SPDX-License-Identifier: Apache-2.0
"""Encoding, decoding and writing of PNG pictures."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import write_bytes

_FAST = 1


def encode_png(picture: Image.Image) -> bytes:
    """Return a picture as PNG without metadata, lightly compressed for speed."""
    packed = io.BytesIO()
    picture.save(packed, "PNG", compress_level=_FAST)
    return packed.getvalue()


def decode_png(data: bytes) -> Image.Image:
    """Return the RGB picture of a PNG.

    Raises
    ------
    InputError
        If it is not a PNG file.
    """
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
            return picture.convert("RGB")
    except OSError as error:
        raise InputError(message("rendering.unreadable_growth_picture")) from error


def write_png(path: Path | str, picture: Image.Image) -> None:
    """Write a PNG, atomically; see :func:`encode_png`."""
    write_bytes(path, encode_png(picture))
