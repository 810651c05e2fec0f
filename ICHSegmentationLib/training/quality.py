# SPDX-License-Identifier: Apache-2.0
"""First figures of a trained model on patients that it never saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.models import ModelEntry, load_runtime
from ICHSegmentationLib.subtypes import Subtype
from ICHSegmentationLib.training.clot import IGNORE
from ICHSegmentationLib.training.prepare import DataFolder
from ICHSegmentationLib.training.samples import TrainingVolume

if TYPE_CHECKING:
    from ICHSegmentationLib.training.config import TrainingConfig


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
