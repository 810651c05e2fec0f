# SPDX-License-Identifier: Apache-2.0
"""Check for the packages that training needs from the ``train`` extra."""

from __future__ import annotations

from importlib.util import find_spec

from ICHSegmentationLib.core.errors import ICHSegmentationError
from ICHSegmentationLib.core.messages import message

_PACKAGES = (
    ("MONAI", "monai"),
    ("OpenCV", "cv2"),
    ("PyYAML", "yaml"),
    ("scikit-image", "skimage"),
    ("TensorBoard", "tensorboard"),
)


def require_training_packages() -> None:
    """Check that the packages of training are installed.

    Raises
    ------
    ICHSegmentationError
        If one is missing; the message says what to install.
    """
    missing = [name for name, module in _PACKAGES if find_spec(module) is None]
    if missing:
        raise ICHSegmentationError(message("research.training_packages", packages=" and ".join(missing)))
