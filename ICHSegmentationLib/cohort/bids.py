# SPDX-License-Identifier: Apache-2.0
"""BIDS: CT as input (a draft extension, BEP024), and results as a derivative data set."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ICHSegmentationLib.cohort.jobs import Case, Kind, State, is_safe_id, short_hash
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.storage.files import atomic_path, write_error, write_text
from ICHSegmentationLib.core.subtypes import ANY_BLOOD, UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.core.version import __version__
from ICHSegmentationLib.export.formats import SIDECAR_NAME, ExportFormat

if TYPE_CHECKING:
    from ICHSegmentationLib.cohort.ledger import Ledger

DESCRIPTION_NAME = "dataset_description.json"
DERIVATIVE_FOLDER = "bids"
_BIDS_VERSION = "1.10.0"
_SUFFIXES = ("_ct.nii.gz", "_ct.nii")
_ENTITIES = re.compile(r"(sub-[A-Za-z0-9]+)(?:_(ses-[A-Za-z0-9]+))?(?:_[a-z]+-[A-Za-z0-9]+)*")
# CT is not in the released standard: masks of it stand beside those of other anatomical pictures.
_DATA_TYPE = "anat"


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


def write_derivatives(ledger: Ledger, folder: Path) -> Path:
    """Write the label maps and measurements of all segmented scans as a BIDS derivative data set.

    Files are copied from the results, each atomically: ``*_dseg.nii.gz`` (with ``*_dseg.json`` where the slices are
    unevenly spaced) and ``*_measurements.json``; ``dseg.tsv`` names the labels.

    Parameters
    ----------
    ledger : Ledger
        The ledger.
    folder : Path
        Folder of the cohort's results; the data set is its subfolder ``bids``.

    Returns
    -------
    Path
        Folder of the data set.

    Raises
    ------
    ICHSegmentationError
        If a file cannot be written.
    """
    root = folder / DERIVATIVE_FOLDER
    for entry in ledger.entries(Kind.CASE):
        if entry.outcome.state is State.DONE:
            _copy(ledger.job(entry).folder, _stem(root, entry.case.id))
    _make(root)
    write_text(root / DESCRIPTION_NAME, json.dumps(_description(), indent=2) + "\n")
    write_text(root / ".bidsignore", "*_measurements.json\n")
    write_text(root / "README", "Hemorrhage on head CT, segmented by ICHSegmentation. Research use only.\n")
    write_text(root / "dseg.tsv", _labels())
    return root


def entities(case: str) -> str:
    """Return the entities of a case: its ID if it is made of entities, else a subject made from it."""
    if _ENTITIES.fullmatch(case):
        return case
    plain = "".join(letter for letter in case if letter.isascii() and letter.isalnum())
    # Other letters were dropped: the hash keeps a-b and ab apart.
    return f"sub-{plain}" if plain == case else f"sub-{plain}{short_hash(case)[:6]}"


def _stem(root: Path, case: str) -> Path:
    name = entities(case)
    found = _ENTITIES.fullmatch(name)
    assert found is not None
    place = root.joinpath(*(part for part in found.groups() if part), _DATA_TYPE)
    return place / name


def _copy(results: Path, stem: Path) -> None:
    _make(stem.parent)
    names = {
        ExportFormat.nifti.file_name: "_dseg.nii.gz",
        SIDECAR_NAME: "_dseg.json",
        ExportFormat.json.file_name: "_measurements.json",
    }
    for name, suffix in names.items():
        target = stem.with_name(stem.name + suffix)
        if (results / name).is_file():
            with atomic_path(target) as temporary:
                shutil.copyfile(results / name, temporary)
        else:
            target.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error


def _description() -> dict[str, object]:
    return {
        "Name": "Hemorrhage on head CT",
        "BIDSVersion": _BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "ICHSegmentation", "Version": __version__}],
    }


def _labels() -> str:
    names = [(int(subtype), subtype.name) for subtype in Subtype] + [(UNKNOWN_SUBTYPE, ANY_BLOOD)]
    table = load_terminology()
    rows: Iterable[tuple[object, ...]] = ((value, table.by_id(name).name, name) for value, name in names)
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(("index", "name", "abbreviation"))
    writer.writerows(rows)
    return text.getvalue()
