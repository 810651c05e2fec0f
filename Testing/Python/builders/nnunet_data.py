# SPDX-License-Identifier: Apache-2.0
"""A data set of generated heads in nnU-Net's folder layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from builders.generated_host import a_generated_host
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.io.labels.nifti import write_on_grid_nifti

LABELS = {"background": 0, "IPH": 1, "ICH": 2, "ignore": 3}


def write_nnunet_data(folder: Path, names: tuple[str, ...], *, no_head: tuple[str, ...] = ()) -> np.ndarray:
    """Write cases of one head: an IPH with its upper half labelled `ignore`, above a block of unknown subtype.

    Returns
    -------
    numpy.ndarray
        Labels of the files, (slices, rows, columns).
    """
    host = a_generated_host()
    labels = np.where(host.labels == Subtype.IPH, 1, 0).astype(np.uint8)
    slices = np.flatnonzero(labels.any(axis=(1, 2)))
    labels[slices[len(slices) // 2] :][labels[slices[len(slices) // 2] :] > 0] = 3
    labels[4, 40:56, 40:56] = 2
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir(parents=True)
    for name in names:
        hu = np.where(host.volume.hu > -500, 0, -1000).astype(np.int16) if name in no_head else host.volume.hu
        write_on_grid_nifti(folder / "imagesTr" / f"{name}_0000.nii.gz", hu, host.volume.grid)
        write_on_grid_nifti(folder / "labelsTr" / f"{name}.nii.gz", labels, host.volume.grid)
    content = {"labels": LABELS, "file_ending": ".nii.gz", "channel_names": {"0": "CT"}, "numTraining": len(names)}
    (folder / "dataset.json").write_text(json.dumps(content))
    folds = [{"train": list(names[1:]), "val": [names[0]]}]
    (folder / "splits_final.json").write_text(json.dumps(folds))
    return labels
