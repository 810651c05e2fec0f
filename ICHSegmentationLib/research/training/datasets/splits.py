# SPDX-License-Identifier: Apache-2.0
"""Cross-validation splits by patient in the format of nnU-Net's ``splits_final.json``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.research.training.datasets.public_set import CaseName

Split = dict[str, list[str]]


def split_by_patient(cases: Sequence[CaseName], *, folds: int, seed: int) -> list[Split]:
    """Assign patients to folds at random; all cases of a patient are validated in the same fold.

    Parameters
    ----------
    cases : sequence of CaseName
        At least two patients.
    folds : int
        Number of folds, of about equal size; at most the number of patients.
    seed : int
        Seed of the random assignment.

    Returns
    -------
    list of dict
        Sorted case names ``train`` and ``val`` of each fold.

    Raises
    ------
    InputError
        If there are fewer patients than folds.
    """
    patients = sorted({case.patient for case in cases})
    if len(patients) < folds:
        raise InputError(message("research.too_few_patients", patients=len(patients), folds=folds))
    shuffled = np.random.default_rng(seed).permutation(len(patients))
    fold_of = {patients[place]: number % folds for number, place in enumerate(shuffled)}
    return [
        {
            "train": sorted(case.name for case in cases if fold_of[case.patient] != fold),
            "val": sorted(case.name for case in cases if fold_of[case.patient] == fold),
        }
        for fold in range(folds)
    ]
