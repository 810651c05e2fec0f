# SPDX-License-Identifier: Apache-2.0
"""Masks of the anatomy of a head, used to place lesions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np


class DeepRegion(IntEnum):
    """Codes of `Anatomy.deep`: locations of parenchymal lesions."""

    UNKNOWN = 0
    BASAL_GANGLIA = 1
    THALAMUS = 2
    LOBAR_WHITE_MATTER = 3
    CEREBELLUM = 4
    PONS = 5


@dataclass(frozen=True)
class Anatomy:
    """Masks of one head on the (slices, rows, columns) grid of its CT.

    `brain`, `csf` and `ventricles` are disjoint and fill `intracranial` except the dura and its sinuses; `skull` lies
    outside `intracranial`.

    Attributes
    ----------
    skull : numpy.ndarray
        bool, bone with its diploe and the air cells inside it.
    intracranial : numpy.ndarray
        bool, everything inside the inner table.
    brain : numpy.ndarray
        bool, parenchyma.
    csf : numpy.ndarray
        bool, sulci, fissures and cisterns.
    ventricles : numpy.ndarray
        bool.
    deep : numpy.ndarray
        uint8 `DeepRegion` codes, 0 where the region is unknown.
    midline_distance_mm : numpy.ndarray
        float32, signed distance to the mid-sagittal surface, positive towards the patient's left.
    spacing_mm : tuple of float
        (slice, row, column) distance between voxel centres.
    voxel_share : numpy.ndarray or None
        Volume of each voxel as a fraction of the product of `spacing_mm`; None where all are that product. On unevenly
        spaced or tilted slices they differ.
    """

    skull: np.ndarray
    intracranial: np.ndarray
    brain: np.ndarray
    csf: np.ndarray
    ventricles: np.ndarray
    deep: np.ndarray
    midline_distance_mm: np.ndarray
    spacing_mm: tuple[float, float, float]
    voxel_share: np.ndarray | None = None
