# SPDX-License-Identifier: Apache-2.0
"""Writing of pictures."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.files import write_bytes

if TYPE_CHECKING:
    from PIL import Image

_FAST = 1


def write_png(path: Path | str, picture: Image.Image) -> None:
    """Write a PNG without any metadata, atomically; light compression, since these pictures are made at every run."""
    packed = io.BytesIO()
    picture.save(packed, "PNG", compress_level=_FAST)
    write_bytes(path, packed.getvalue())
