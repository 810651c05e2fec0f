# SPDX-License-Identifier: Apache-2.0
"""What a network of volume patches is shown."""

from __future__ import annotations

from dataclasses import dataclass

from ICHSegmentationLib.core.messages import message

_STRIDE = 8  # of the networks


@dataclass(frozen=True)
class PatchSpec:
    """Patches of a volume, on the pixels and slices of the `InputSpec` that holds this.

    Attributes
    ----------
    size : tuple of int
        Slices, rows and columns of a patch, in training and inference: squeeze-and-excitation takes means over the
        patch, so a network gives other results for larger ones.
    stride : tuple of int
        Steps between patches at inference, less than half a patch: they overlap by more than 50 %.
    mirrored : bool
        Whether what lies opposite in the head is a second channel.

    Raises
    ------
    ValueError
        If a side is no multiple of 8, or patches would overlap by half or less.
    """

    size: tuple[int, int, int] = (16, 32, 32)
    stride: tuple[int, int, int] = (7, 15, 15)
    mirrored: bool = True

    def __post_init__(self) -> None:
        """Check the sides and the overlap."""
        if any(side < _STRIDE or side % _STRIDE for side in self.size):
            raise ValueError(message("preprocessing.patch_size", size=self.size, multiple=_STRIDE))
        if any(not 0 < 2 * step < side for step, side in zip(self.stride, self.size, strict=True)):
            raise ValueError(message("preprocessing.patch_stride", stride=self.stride, size=self.size))

    @property
    def channels(self) -> int:
        """Number of input channels."""
        return 2 if self.mirrored else 1
