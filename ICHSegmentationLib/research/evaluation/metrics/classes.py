# SPDX-License-Identifier: Apache-2.0
"""Classes of the evaluation: each subtype, and any hemorrhage."""

from __future__ import annotations

import numpy as np

from ICHSegmentationLib.core.subtypes import Subtype

ANY = "any"
"""All labels together, including 6 (hemorrhage without a subtype), to compare systems that predict no subtypes."""

CLASSES = (*(subtype.name for subtype in Subtype), ANY)


def class_mask(labels: np.ndarray, name: str) -> np.ndarray:
    """Return the mask of a class of :data:`CLASSES`."""
    return labels > 0 if name == ANY else labels == Subtype[name]
