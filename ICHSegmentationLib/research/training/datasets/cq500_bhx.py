# SPDX-License-Identifier: Apache-2.0
"""CQ500 with the boxes of BHX: no masks, but lesion boxes and the votes of three radiologists.

CQ500 has one folder per case, ``CQ500CT0 CQ500CT0/Unknown Study/<series>/CT000000.dcm`` (also below ``CQ500-CT-0``),
and ``reads.csv`` with ``name`` (CQ500-CT-0) and ``R1:ICH`` to ``R3:SAH``; BHX has three tables, see
:mod:`ICHSegmentationLib.research.training.datasets.bhx_boxes`. Names and columns follow public programs for both sets.
Undocumented assumption: x and y are the upper left corner of a box in pixels of the DICOM image.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pydicom

from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.export.training_case.nnunet_layout import Unknown
from ICHSegmentationLib.io.damage import damage_named
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.research.training.datasets.bhx_boxes import TABLES, Box, BoxesBySeries, read_boxes
from ICHSegmentationLib.research.training.datasets.layout import read_rows, whole_number
from ICHSegmentationLib.research.training.datasets.public_set import UNKNOWN, About, CaseName, PreparedCase

_CASE = re.compile(r"CQ500-?CT-?(\d+)")
_FINDINGS = ("ICH", "IPH", "IVH", "SDH", "EDH", "SAH")
_READERS = ("R1", "R2", "R3")
_MAJORITY = 2
_PLAIN = re.compile(r"plain", re.IGNORECASE)
_CONTRAST = re.compile(r"post|cect", re.IGNORECASE)


class _Series(NamedTuple):
    folder: Path
    uid: str
    files: int


class Cq500Bhx:
    """Series with boxes, and one non-contrast series of each case that most radiologists read as negative.

    Parameters
    ----------
    source : Path
        Folder that holds ``reads.csv``, the case folders and a BHX table, directly or one folder below.

    Raises
    ------
    InputError
        If a table or all cases are missing.
    """

    about = About(
        title="CQ500 with Brain Hemorrhage Extended (BHX) 1.1",
        licence="CQ500: CC BY-NC-SA 4.0; BHX: as its page on PhysioNet says (open access)",
        citation=(
            "Chilamkurthy S, Ghosh R, Tanamala S, et al. Deep learning algorithms for detection of critical findings "
            "in head CT scans: a retrospective study. Lancet 392 (2018), 2388-2396; Reis EP, Nascimento F, Aranha M, "
            "et al. Brain Hemorrhage Extended (BHX) (version 1.1). PhysioNet 2020, doi:10.13026/9cft-hg92."
        ),
        url="http://headctstudy.qure.ai/dataset and https://physionet.org/content/bhx-brain-bounding-box/1.1/",
        unknown=Unknown.CLASS,
        notes=(
            "There are no masks: boxesTr holds a box file per scan; nnU-Net cannot train on this folder.",
            "Boxes were extrapolated from thick to thin slices, so series of one patient are near copies: the split "
            "is by patient.",
            "Boxes named Chronic have label 6, because the set does not give their subtype.",
        ),
    )

    def __init__(self, source: Path) -> None:
        self._source = source
        self._reads_path = self._table("reads.csv")
        self._boxes_path = self._table(*TABLES)

    def cases(self) -> list[CaseName]:
        """Return series with boxes and negative series."""
        return list(self._series)

    def read(self, case: CaseName) -> PreparedCase:
        """Read a series and assign its boxes to slices."""
        series = self._series[case]
        volume = read_ct(sorted(path for path in series.folder.iterdir() if path.is_file()), series=series.uid)
        boxes = self._boxes.get(series.uid, {})
        slices = {_instance(path): index for index, path in enumerate(volume.source.files)}
        placed = [_record(box, slices[uid]) for uid, found in boxes.items() if uid in slices for box in found]
        lost = sum(len(found) for uid, found in boxes.items() if uid not in slices)
        content: dict[str, Any] = {
            "readers_who_saw": self._reads[case.patient],
            "boxes": sorted(placed, key=lambda record: (record["slice"], record["column"], record["row"])),
        }
        return PreparedCase(volume, boxes=content, counts=Counter(boxes=len(placed), boxes_without_slice=lost))

    @cached_property
    def _boxes(self) -> BoxesBySeries:
        return read_boxes(self._boxes_path)

    @cached_property
    def _reads(self) -> dict[str, dict[str, int]]:
        """Number of radiologists (of three) who saw each finding, by case."""
        columns = ("name", *(f"{reader}:{finding}" for finding in _FINDINGS for reader in _READERS))
        return {
            row["name"]: {
                finding: sum(whole_number(row, f"{reader}:{finding}", self._reads_path, line) for reader in _READERS)
                for finding in _FINDINGS
            }
            for line, row in enumerate(read_rows(self._reads_path, columns), start=2)
        }

    @cached_property
    def _series(self) -> dict[CaseName, _Series]:
        chosen = {}
        for patient, folders in sorted(_case_folders(self._source).items(), key=lambda item: _number(item[0])):
            if patient not in self._reads:
                raise InputError(message("research.cq500_no_reads", path=self._reads_path, case=patient))
            found = [series for folder in folders for series in _series_below(folder)]
            used = [series for series in found if series.uid in self._boxes]
            if not used and self._reads[patient]["ICH"] < _MAJORITY:
                plain = [s for s in found if _PLAIN.search(s.folder.name) and not _CONTRAST.search(s.folder.name)]
                used = sorted(plain, key=lambda series: series.files)[:1]
            for number, series in enumerate(used, start=1):
                chosen[CaseName(f"{patient}-{number}", patient)] = series
        if not chosen:
            raise InputError(message("research.cq500_no_series", folder=self._source, table=self._boxes_path.name))
        return chosen

    def _table(self, *names: str) -> Path:
        for name in names:
            found = sorted([*self._source.glob(name), *self._source.glob(f"*/{name}")])
            if found:
                return found[0]
        raise InputError(message("research.cq500_no_table", folder=self._source, table=names[0]))


def _case_folders(source: Path) -> dict[str, list[Path]]:
    """Return the top folders of each case."""
    found: dict[str, list[Path]] = {}
    for folder in sorted([*source.glob("*/"), *source.glob("*/*/")]):
        match = _CASE.match(folder.name)
        if match is not None and _CASE.match(folder.parent.name) is None:
            found.setdefault(f"CQ500-CT-{int(match[1])}", []).append(folder)
    return found


def _number(case: str) -> int:
    return int(case.rpartition("-")[2])


def _series_below(folder: Path) -> list[_Series]:
    """Return the series of a case; only the first file of each folder is read, for speed."""
    found = []
    for directory in sorted([folder, *(path for path in folder.rglob("*") if path.is_dir())]):
        files = sorted(path for path in directory.iterdir() if path.suffix.lower() == ".dcm")
        if files:
            with damage_named(files[0], "DICOM"):
                dataset = pydicom.dcmread(files[0], specific_tags=["SeriesInstanceUID"], stop_before_pixels=True)
                found.append(_Series(directory, str(dataset.SeriesInstanceUID), len(files)))
    return found


def _instance(path: Path) -> str:
    return str(pydicom.dcmread(path, specific_tags=["SOPInstanceUID"], stop_before_pixels=True).SOPInstanceUID)


def _record(box: Box, index: int) -> dict[str, Any]:
    subtype = box.subtype
    return {
        "slice": index,
        "column": [box.x, box.x + box.width],
        "row": [box.y, box.y + box.height],
        "subtype": "ICH" if subtype is None else subtype.name,
        "label": UNKNOWN if subtype is None else int(subtype),
        "name": box.name,
        "origin": box.origin,
    }
