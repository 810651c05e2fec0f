# SPDX-License-Identifier: Apache-2.0
"""Specification of the 3D patches of a network."""

from __future__ import annotations

from dataclasses import dataclass

from ICHSegmentationLib.core.messages import message

_STRIDE = 8  # of the networks


@dataclass(frozen=True)
class PatchSpec:
    """Size and stride of 3D patches, in the pixels and slices of the `InputSpec` that contains this.

    Attributes
    ----------
    size : tuple of int
        Slices, rows and columns of a patch. Training and inference must use the same size, because
        squeeze-and-excitation averages over the patch.
    stride : tuple of int
        Distance between patches at inference, less than half their size: they overlap by more than 50 %.
    mirrored : bool
        Whether the mirrored channel is added.

    Raises
    ------
    ValueError
        If a side is not a multiple of 8, or patches overlap by half or less.
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
