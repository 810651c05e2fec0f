# SPDX-License-Identifier: Apache-2.0
"""Match predicted label files to reference label files."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.io.labels.reader import LABEL_SUFFIXES

# File names of `ichseg segment`, whose folder is the case. The first is preferred because users edit it.
_NAMES_IN_CASE_FOLDER = ("segmentation.seg.nrrd", "labels.nii.gz")
_MAX_NAMED = 5


class Pair(NamedTuple):
    """The two label files of one case."""

    case: str
    prediction: Path
    reference: Path


def find_pairs(predictions: Path, references: Path) -> tuple[list[Pair], tuple[str, ...]]:
    """Match the label files of two folders by name, or take two files as one case.

    A file's case is its name without ``.seg.nrrd``, ``.nrrd``, ``.nii.gz`` or ``.nii``. A subfolder that
    ``ichseg segment`` wrote is a case too, with its ``segmentation.seg.nrrd``, else its ``labels.nii.gz``.

    Returns
    -------
    list of Pair
        In the order of the cases' names.
    tuple of str
        A warning if predictions without a reference are left out.

    Raises
    ------
    InputError
        If a path does not exist, a folder holds no label file or two of one case, or a reference has no prediction
        (skipping the case would overestimate the model).
    """
    for path in (predictions, references):
        if not path.exists():
            raise InputError(message("research.does_not_exist", path=path))
    if predictions.is_file() and references.is_file():
        return [Pair(_case_of(references) or references.name, predictions, references)], ()
    if predictions.is_file() or references.is_file():
        raise InputError(message("research.folder_and_file", predictions=predictions, references=references))
    predicted, expected = _label_files(predictions), _label_files(references)
    missing = sorted(expected.keys() - predicted.keys())
    if missing:
        raise InputError(
            message("research.no_prediction", predictions=predictions, references=references, cases=_listed(missing))
        )
    extra = sorted(predicted.keys() - expected.keys())
    warnings = (message("research.references_missing", references=references, cases=_listed(extra)),) if extra else ()
    return [Pair(case, predicted[case], expected[case]) for case in sorted(expected)], warnings


def _label_files(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        file = _in_case_folder(path) if path.is_dir() else path
        case = path.name if path.is_dir() else _case_of(path)
        if case is None or file is None:
            continue
        if case in found:
            raise InputError(
                message("research.two_label_files", folder=folder, case=case, first=found[case].name, second=path.name)
            )
        found[case] = file
    if not found:
        raise InputError(message("research.no_label_files", folder=folder, endings=", ".join(LABEL_SUFFIXES)))
    return found


def _in_case_folder(folder: Path) -> Path | None:
    return next((folder / name for name in _NAMES_IN_CASE_FOLDER if (folder / name).is_file()), None)


def _case_of(path: Path) -> str | None:
    """Return a label file's name without its ending, or None for another file."""
    name = path.name.lower()
    suffix = next((suffix for suffix in LABEL_SUFFIXES if name.endswith(suffix)), None)
    return path.name[: -len(suffix)] if suffix else None


def _listed(cases: list[str]) -> str:
    more = f" and {len(cases) - _MAX_NAMED} more" if len(cases) > _MAX_NAMED else ""
    return ", ".join(cases[:_MAX_NAMED]) + more
