# SPDX-License-Identifier: Apache-2.0
"""The model that needs no weights: always there, and what is used where no other is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ICHSegmentationLib.core.errors import ModelError
from ICHSegmentationLib.models.runtimes.runtime import RuntimeInfo

if TYPE_CHECKING:
    import numpy as np

    from ICHSegmentationLib.models.runtimes.runtime import SlicesDone

EM_NAME = "em"
EM_FIELDS = {
    "name": EM_NAME,
    "system": "em",
    "preset": "training-free",
    "classes": ("background", "ICH"),
    "window_hu": (0.0, 100.0),
    "pixel_mm": 1.0,
    "training_data": "none: a Gaussian mixture is fitted to each scan's own brightness",
    "licence": "Apache-2.0 (there are no weights)",
    "non_commercial": False,
    # Of eight training patients, on which its constants were chosen; see its card.
    "quality": {"training_iph_dice_median_alone": 0.927, "training_iph_dice_median_in_true_boxes": 0.941},
    "reference_seconds": 1.7,
    "card": "docs/models/em.md",
}


class NoNetwork:
    """Stands for the runtime of a model without a network; its arithmetic is numpy's on one processor thread."""

    info = RuntimeInfo(device="cpu", backend="numpy", threads=1, precision="f32")
    warnings: tuple[str, ...] = ()

    def probabilities(
        self,
        images: np.ndarray,  # noqa: ARG002
        *,
        progress: SlicesDone | None = None,  # noqa: ARG002
    ) -> np.ndarray:
        """Refuse: there is nothing to ask.

        Raises
        ------
        ModelError
            Always.
        """
        message = "This model has no network."
        raise ModelError(message)
