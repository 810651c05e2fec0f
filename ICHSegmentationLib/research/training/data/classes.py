# SPDX-License-Identifier: Apache-2.0
"""Map the labels of prepared volumes to the classes of a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ICHSegmentationLib.core.subtypes import ANY_BLOOD, UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.research.training.data.clot import IGNORE


def class_table(classes: Sequence[str]) -> np.ndarray:
    """Return the class of every label value.

    Parameters
    ----------
    classes : sequence of str
        As `TrainingConfig.classes`: background first; ``ICH`` covers all hemorrhage without a class of its own.

    Returns
    -------
    numpy.ndarray
        (256,) uint8. A subtype without a class becomes background, hemorrhage of unknown subtype `IGNORE`.
    """
    table = np.zeros(IGNORE + 1, dtype=np.uint8)
    table[[UNKNOWN_SUBTYPE, IGNORE]] = IGNORE
    if ANY_BLOOD in classes:
        table[1 : UNKNOWN_SUBTYPE + 1] = classes.index(ANY_BLOOD)
    for subtype in Subtype:
        if subtype.name in classes:
            table[subtype] = classes.index(subtype.name)
    return table
