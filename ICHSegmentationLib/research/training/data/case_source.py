# SPDX-License-Identifier: Apache-2.0
"""Interface of a source of training cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ICHSegmentationLib.core.scan.volume import CTVolume


@dataclass(frozen=True, eq=False)
class RawCase:
    """A case on its source slices.

    Attributes
    ----------
    volume : CTVolume
        The scan.
    labels : numpy.ndarray or None
        (slices, rows, columns) uint8: subtypes, 6 for hemorrhage of unknown subtype, 255 for voxels ignored by the
        loss; None if they have to be derived from ``edema``.
    edema : numpy.ndarray or None
        (slices, rows, columns) bool, edema ring around an unlabelled clot.
    """

    volume: CTVolume
    labels: np.ndarray | None = None
    edema: np.ndarray | None = None


class CaseSource(Protocol):
    """A data set on disk."""

    @property
    def title(self) -> str:
        """Short name of the data set."""

    def names(self) -> list[str]:
        """Return all cases, sorted."""

    def fold(self, number: int) -> list[str]:
        """Return the validation cases of a fold."""

    def read(self, name: str) -> RawCase:
        """Read a case.

        Raises
        ------
        InputError
            If the case cannot be used; other cases may be usable.
        """
