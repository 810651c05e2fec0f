# SPDX-License-Identifier: Apache-2.0
"""Check for the packages that evaluation needs from the ``train`` extra."""

from __future__ import annotations

from importlib.util import find_spec

from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.core.messages import message


def require_evaluation_packages() -> None:
    """Check that MONAI and Matplotlib are installed.

    Raises
    ------
    ICHSegmentationError
        If one is missing; the message says what to install.
    """
    missing = [name for name, module in (("MONAI", "monai"), ("Matplotlib", "matplotlib")) if find_spec(module) is None]
    if missing:
        raise ICHSegmentationError(message("research.evaluation_packages", packages=" and ".join(missing)))
