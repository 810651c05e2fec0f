# SPDX-License-Identifier: Apache-2.0
"""Average precision of detected boxes on the slices of volumes, including slices without hemorrhage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from monai.apps.detection.metrics.coco import COCOMetric
from monai.apps.detection.metrics.matching import matching_batch
from monai.data.box_utils import box_iou

from ICHSegmentationLib.networks.box_decoding import FoundBoxes, decode_boxes
from ICHSegmentationLib.research.training.boxes.targets import TrueBox, true_boxes
from ICHSegmentationLib.research.training.data.classes import class_table
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.data.samples import TrainingVolume

if TYPE_CHECKING:
    from pathlib import Path

    from ICHSegmentationLib.research.training.config import TrainingConfig
    from ICHSegmentationLib.research.training.processes import Processes

_MAX_BOXES = 100
_MIN_SCORE = 0.05
_SLICES_AT_ONCE = 8


class SliceBoxes(NamedTuple):
    """Detected and true boxes of a slice."""

    found: FoundBoxes
    true: Sequence[TrueBox]


def average_precision(slices: Iterable[SliceBoxes], kinds: Sequence[str]) -> dict[str, float]:
    """Return the mean average precision as defined by COCO, computed by MONAI.

    Parameters
    ----------
    slices : iterable of SliceBoxes
        A detected box on a true box of class `IGNORE` counts neither as true nor as false.
    kinds : sequence of str
        Names of the classes without background.

    Returns
    -------
    dict of str to float
        ``mAP50``, ``mAP50_95`` and ``AP50 KIND`` of each kind that occurs; empty if none does.
    """
    slices = list(slices)
    present = sorted({box.kind for _, true in slices for box in true} - {IGNORE})
    if not present:
        return {}
    metric = COCOMetric(
        [kinds[kind - 1] for kind in present],
        iou_list=[0.5],
        iou_range=(0.5, 0.95, 0.05),
        max_detection=(_MAX_BOXES,),
        verbose=False,
    )
    values, _ = metric([_matched(part, present, metric.iou_thresholds.tolist()) for part in slices])
    at_half, over_all = (
        {kinds[kind - 1]: float(values[f"{kinds[kind - 1]}_{name}_MaxDet_{_MAX_BOXES}"]) for kind in present}
        for name in ("AP_IoU_0.50", "mAP_IoU_0.50_0.95_0.05")
    )
    return {
        "mAP50": float(np.mean(list(at_half.values()))),
        "mAP50_95": float(np.mean(list(over_all.values()))),
        **{f"AP50 {kind}": value for kind, value in at_half.items()},
    }


def _matched(part: SliceBoxes, present: Sequence[int], thresholds: Sequence[float]) -> dict[int, dict[str, np.ndarray]]:
    """Match the boxes of a slice; MONAI numbers the present kinds from 0."""
    found, true = part
    counted = np.isin(found.kinds, present)
    edges, kinds, ignored = [], [], []
    for box in true:
        # An unknown box may be of any kind.
        for kind in present if box.kind == IGNORE else [box.kind]:
            edges.append(box.edges)
            kinds.append(present.index(kind))
            ignored.append(box.kind == IGNORE)
    (matched,) = matching_batch(
        _iou,
        thresholds,
        [found.edges[counted].reshape(-1, 4)],
        [np.searchsorted(present, found.kinds[counted])],
        [found.scores[counted]],
        [np.array(edges, dtype=np.float32).reshape(-1, 4)],
        [np.array(kinds, dtype=int)],
        [np.array(ignored, dtype=bool)],
        max_detections=_MAX_BOXES,
    )
    return matched


def _iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.asarray(box_iou(first, second))


def validation_precision(
    network: torch.nn.Module, files: Sequence[Path], config: TrainingConfig, processes: Processes
) -> dict[str, float]:
    """Return the average precision of a detector's boxes; every process computes it of all volumes."""
    slices = [part for path in files for part in volume_boxes(network, path, config, processes.device)]
    return average_precision(slices, config.classes[1:])


def volume_boxes(
    network: torch.nn.Module, path: Path, config: TrainingConfig, device: torch.device
) -> list[SliceBoxes]:
    """Return detected and true boxes of every slice of a prepared volume.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode.
    path : pathlib.Path
        The volume.
    config : TrainingConfig
        Configuration of input and classes.
    device : torch.device
        Device of the network.
    """
    volume = TrainingVolume.read(path)
    planes = volume.grey.astype(np.float32) / 255
    stacked = np.tensordot(config.input.stack_weights(volume.slices_mm), planes, axes=1)
    images = torch.from_numpy(config.input.network_values(stacked))
    classes = class_table(config.classes)[volume.labels]
    answers = []
    with torch.inference_mode():
        for part in images.split(_SLICES_AT_ONCE):
            output = network(part.to(device, memory_format=torch.channels_last))
            answers.append(network.answer(output.float()).cpu().numpy())  # type: ignore[operator]
    return [
        SliceBoxes(decode_boxes(answer, score_threshold=_MIN_SCORE), true_boxes(plane))
        for answer, plane in zip(np.concatenate(answers), classes, strict=True)
    ]
