# SPDX-License-Identifier: Apache-2.0
"""What every runtime offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

SlicesDone = Callable[[int, int], None]


@dataclass(frozen=True)
class RuntimeInfo:
    """Where and how a model runs.

    Attributes
    ----------
    device
        "cpu" or "cuda:N".
    backend
        "openvino" or "torch".
    threads
        Processor threads that compute.
    precision
        "f32", "bf16" or "f16": the type in which most of the arithmetic is done.
    """

    device: str
    backend: str
    threads: int
    precision: str


class Runtime(Protocol):
    """A loaded model."""

    @property
    def info(self) -> RuntimeInfo:
        """Where the model runs now (a runtime may fall back from the graphics card to the processor)."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the user about what did not go as asked."""

    def probabilities(self, images: np.ndarray, *, progress: SlicesDone | None = None) -> np.ndarray:
        """Give each pixel's probability of each class; an image's result does not depend on the others.

        Parameters
        ----------
        images
            (N, C, H, W) float32 in [0, 1]; H and W multiples of 64. Of a network of patches: (N, C, D, H, W).
        progress
            Called with (images done, N). What it raises stops the work and reaches the caller.

        Returns
        -------
        numpy.ndarray
            (N, K, H, W) or (N, K, D, H, W) float32; sums to 1 over K. Of a network that finds boxes,
            what its ``answer`` gives.
        """
