# SPDX-License-Identifier: Apache-2.0
"""Interface of a runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

SlicesDone = Callable[[int, int], None]


@dataclass(frozen=True)
class RuntimeInfo:
    """Device and arithmetic of a loaded model.

    Attributes
    ----------
    device
        "cpu" or "cuda:N".
    backend
        "openvino" or "torch".
    threads
        Processor threads in use.
    precision
        "f32", "bf16" or "f16": the type of most of the arithmetic.
    """

    device: str
    backend: str
    threads: int
    precision: str


class Runtime(Protocol):
    """A loaded model."""

    @property
    def info(self) -> RuntimeInfo:
        """Current device; a runtime may fall back from the graphics card to the processor."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings for the user."""

    def probabilities(self, images: np.ndarray, *, progress: SlicesDone | None = None) -> np.ndarray:
        """Return the probability of each class at each pixel; images are independent of each other.

        Parameters
        ----------
        images
            (N, C, H, W) float32 in [0, 1], H and W multiples of 64; (N, C, D, H, W) for a network of patches.
        progress
            Called with (images done, N). An exception that it raises stops the run and reaches the caller.

        Returns
        -------
        numpy.ndarray
            (N, K, H, W) or (N, K, D, H, W) float32 that sums to 1 over K; for a detector, the output of its
            ``answer`` module.
        """
