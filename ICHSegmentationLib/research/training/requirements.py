# SPDX-License-Identifier: Apache-2.0
"""The packages of training that a user without the ``train`` extra lacks."""

from __future__ import annotations

from importlib.util import find_spec

from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.core.messages import message

_PACKAGES = (("MONAI", "monai"), ("PyYAML", "yaml"), ("scikit-image", "skimage"), ("TensorBoard", "tensorboard"))


def require_training_packages() -> None:
    """Check for the packages of training before any work.

    Raises
    ------
    ICHSegmentationError
        If one is missing; the message says what to install.
    """
    missing = [name for name, module in _PACKAGES if find_spec(module) is None]
    if missing:
        raise ICHSegmentationError(message("research.training_packages", packages=" and ".join(missing)))
