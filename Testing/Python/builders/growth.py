# SPDX-License-Identifier: Apache-2.0
"""Two results of one patient in the panel, and the worker's comparison of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from builders.panel import a_small_ct, some_labels
from builders.panel_fixtures import run_once
from builders.scene import add_volume
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.comparison import Comparison, RegistrationRecord
from ICHSegmentationLib.measurement.growth import compare_volumes
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.rendering.png import encode_png
from ICHSegmentationLib.worker.client.outcome import WorkerComparison


def grown_labels() -> LabelMap:
    """Return the labels of `some_labels` with 1 mL (50 voxels of 20 mm3, 50 %) more IPH."""
    labels = some_labels(a_small_ct())
    labels.labels[4, 10:15, 10:20] = Subtype.IPH
    return labels


def add_followup(panel: Any, click: Any) -> None:
    """Segment a second scan; ``panel.first`` is the result of the first, chosen under "Compare with"."""
    import slicer

    scan, panel.first = a_small_ct(), panel.node
    panel.ui.inputSelector.setCurrentNode(add_volume(slicer.mrmlScene, scan.hu, scan.grid.affine_ras, "Later"))
    run_once(panel, click, labels=grown_labels())
    panel.ui.comparedSelector.setCurrentNode(panel.first)


def comparison_of(request: dict[str, Any], *, warnings: tuple[str, ...] = ()) -> WorkerComparison:
    """Return the worker's comparison: the given volumes, a good registration, a blue picture."""
    sides = (request["baseline"], request["followup"])
    measured = [measure(side[1], assessed=known) for side, known in zip(sides, request["assessed"], strict=True)]
    growth = compare_volumes(*measured)
    content = Comparison.of(growth, None, (*request["warnings"], *warnings)).model_copy(
        update={
            "registration": RegistrationRecord(
                quality=0.97, shared=0.95, is_good=True, rotation_deg=3.0, matrix_lps=tuple(np.eye(4).tolist())
            )
        }
    )
    return WorkerComparison(content, encode_png(Image.new("RGB", (999, 1342), (0, 0, 200))))
