# SPDX-License-Identifier: Apache-2.0
"""nnU-Net's folder layout for training data (its documentation/dataset_format.md)."""

from __future__ import annotations

from enum import Enum
from typing import Any

from ICHSegmentationLib.core.subtypes import UNKNOWN_SUBTYPE, Subtype

DATASET_NAME, SPLITS_NAME, SOURCES_NAME = "dataset.json", "splits_final.json", "sources.json"
IMAGES, LABELS, BOXES = "imagesTr", "labelsTr", "boxesTr"


class Unknown(Enum):
    """Role of label 6, hemorrhage of unknown subtype, in training; the label files hold 6 in every case."""

    ABSENT = None
    IGNORED = "ignore"  # nnU-Net leaves this label out of the loss; it must be the highest value
    CLASS = "ICH"


def dataset_content(
    title: str, cases: int, *, unknown: Unknown, licence: str = "", reference: str = ""
) -> dict[str, Any]:
    """Return the content of ``dataset.json``.

    Parameters
    ----------
    title : str
        Name of the data set.
    cases : int
        Number of labelled cases.
    unknown : Unknown
        Role of label 6.
    licence, reference : str
        Licence and web address of the data set.
    """
    labels = {"background": 0, **{subtype.name: int(subtype) for subtype in Subtype}}
    if unknown is not Unknown.ABSENT:
        labels[unknown.value] = UNKNOWN_SUBTYPE
    return {
        "name": title,
        "description": "Intracranial hemorrhage on head CT in HU",
        "licence": licence,
        "reference": reference,
        "channel_names": {"0": "CT"},
        "labels": labels,
        "numTraining": cases,
        "file_ending": ".nii.gz",
        # SimpleITK, nnU-Net's first choice, refuses the affine of a tilted gantry.
        "overwrite_image_reader_writer": "NibabelIO",
    }
