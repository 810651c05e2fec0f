# SPDX-License-Identifier: Apache-2.0
"""What is compared: each subtype, and any blood."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.core.subtypes import Subtype

ANY = "any"
"""All labels together, also 6, hemorrhage without a subtype: here a system that tells no subtypes can be compared."""

CLASSES = (*(subtype.name for subtype in Subtype), ANY)


def class_mask(labels: np.ndarray, name: str) -> np.ndarray:
    """Return where a label map holds a class of :data:`CLASSES`."""
    return labels > 0 if name == ANY else labels == Subtype[name]
