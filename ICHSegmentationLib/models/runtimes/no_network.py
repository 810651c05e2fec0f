# SPDX-License-Identifier: Apache-2.0
"""Runtime of a model without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import ModelError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.models.runtimes.runtime import RuntimeInfo

if TYPE_CHECKING:
    import numpy as np

    from ICHSegmentationLib.models.runtimes.runtime import SlicesDone


class NoNetwork:
    """Placeholder runtime: the segmenter computes with numpy on one processor thread.

    Parameters
    ----------
    name : str
        Name of the model.
    """

    info = RuntimeInfo(device="cpu", backend="numpy", threads=1, precision="f32")
    warnings: tuple[str, ...] = ()

    def __init__(self, name: str) -> None:
        self._name = name

    def probabilities(
        self,
        images: np.ndarray,  # noqa: ARG002
        *,
        progress: SlicesDone | None = None,  # noqa: ARG002
    ) -> np.ndarray:
        """Raise `ModelError`: there is no network to run."""
        raise ModelError(message("models.no_network", name=self._name))
