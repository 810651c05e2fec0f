# SPDX-License-Identifier: Apache-2.0
"""BIDS: CT as input (a draft extension, BEP024)."""

from __future__ import annotations

from pathlib import Path

from ICHSegmentationLib.cohort.jobs import Case, is_safe_id
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

DESCRIPTION_NAME = "dataset_description.json"
_SUFFIXES = ("_ct.nii.gz", "_ct.nii")


def find_bids_cases(folder: Path) -> tuple[Case, ...]:
    """Return the CTs of a BIDS data set; their IDs are the entities of the file names, as ``sub-01_ses-1``.

    Raises
    ------
    InputError
        If there is none.
    """
    cases = []
    for path in sorted(folder.absolute().glob("sub-*/**/ct/*")):
        suffix = next((end for end in _SUFFIXES if path.name.endswith(end)), None)
        if suffix is not None and path.is_file() and is_safe_id(name := path.name.removesuffix(suffix)):
            cases.append(Case(name, (path,), why=message("cohort.given")))
    if not cases:
        raise InputError(message("cohort.bids_no_scans", path=folder))
    return tuple(cases)
