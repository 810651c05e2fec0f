# SPDX-License-Identifier: Apache-2.0
"""Interface of a source of training cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ICHSegmentationLib.core.volume import CTVolume


@dataclass(frozen=True, eq=False)
class RawCase:
    """A case on its source slices.

    Attributes
    ----------
    volume : CTVolume
        The scan.
    labels : numpy.ndarray or None
        (slices, rows, columns) uint8: subtypes, 6 for blood of unknown subtype, 255 for what is left out of the loss;
        None where they are to be derived from ``edema``.
    edema : numpy.ndarray or None
        (slices, rows, columns) bool ring around an unlabelled clot.
    """

    volume: CTVolume
    labels: np.ndarray | None = None
    edema: np.ndarray | None = None


class CaseSource(Protocol):
    """A data set with its files at hand."""

    @property
    def title(self) -> str:
        """Short name of the set."""

    def names(self) -> list[str]:
        """Return all cases, sorted."""

    def fold(self, number: int) -> list[str]:
        """Return the validation cases of a fold."""

    def read(self, name: str) -> RawCase:
        """Read a case.

        Raises
        ------
        InputError
            If it cannot be used; the others may be.
        """
