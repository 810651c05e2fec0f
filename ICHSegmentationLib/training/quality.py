# SPDX-License-Identifier: Apache-2.0
"""First figures of a trained model on patients and generated heads that it never saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.models import ModelEntry, load_runtime
from ICHSegmentationLib.segmentation.segmenter import build_segmenter
from ICHSegmentationLib.segmentation.stages import Stages
from ICHSegmentationLib.simulation import simulated_ct
from ICHSegmentationLib.subtypes import Subtype
from ICHSegmentationLib.training.clot import IGNORE
from ICHSegmentationLib.training.prepare import DataFolder
from ICHSegmentationLib.training.samples import TrainingVolume

if TYPE_CHECKING:
    from ICHSegmentationLib.training.config import TrainingConfig


_FIRST_UNSEEN_SEED = 1_000_000
_EVERY_SUBTYPE = tuple(Subtype)


def simulated_dice(entry: ModelEntry, heads: int) -> dict[str, float]:
    """Pooled Dice of each subtype on generated heads with one bleed of each, through the whole pipeline.

    Parameters
    ----------
    entry : ModelEntry
        A slice-wise model.
    heads : int
        How many heads; their seeds are not among those of any training.
    """
    segmenter = build_segmenter(entry, load_runtime(entry))
    counts = np.zeros((len(_EVERY_SUBTYPE), 2))
    for seed in range(_FIRST_UNSEEN_SEED, _FIRST_UNSEEN_SEED + heads):
        scan = simulated_ct(seed, subtypes=_EVERY_SUBTYPE)
        stages = Stages({"preprocess": 0.3, "infer": 0.4, "postprocess": 0.3})
        label_map, _ = segmenter.segment(scan.volume, stages, force=False)
        found = label_map.labels
        for row, subtype in enumerate(_EVERY_SUBTYPE):
            counts[row] += (
                2 * ((found == subtype) & (scan.labels == subtype)).sum(),
                (found == subtype).sum() + (scan.labels == subtype).sum(),
            )
    return {subtype.name: float(both / either) for subtype, (both, either) in zip(_EVERY_SUBTYPE, counts, strict=True)}


def held_out_dice(entry: ModelEntry, config: TrainingConfig) -> dict[str, float]:
    """Dice of IPH against the derived clot for each held-out patient.

    Counted per case on the network's pixels, without post-processing; voxels of ventricular blood that nobody has
    labelled are left out.

    Returns
    -------
    dict of str to float
        Dice by case.
    """
    runtime = load_runtime(entry)
    folder = DataFolder(config.data.folder)
    dice = {}
    for name in config.data.held_out:
        volume = TrainingVolume.read(folder.real(name))
        planes = volume.grey.astype(np.float32) / 255
        images = np.tensordot(config.input.stack_weights(volume.slices_mm), planes, axes=1)
        known = volume.labels != IGNORE
        found = (runtime.probabilities(images).argmax(axis=1) == Subtype.IPH) & known
        truth = volume.labels == Subtype.IPH
        dice[name] = float(2 * (found & truth).sum() / (found.sum() + truth.sum()))
    return dice
