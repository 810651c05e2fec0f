# SPDX-License-Identifier: Apache-2.0
"""Headers of DICOM files, and the choice of one series of each study by its tags."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ICHSegmentationLib.cohort.jobs import Case, LeftOut, short_hash
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import Message, message
from ICHSegmentationLib.io.dicom.enhanced import find_value
from ICHSegmentationLib.io.dicom.files import integer_of, load_dataset, quiet_pydicom, sop_class, value_of
from ICHSegmentationLib.io.dicom.series import CT_CLASSES
from ICHSegmentationLib.io.dicom.slices import MINIMUM_SLICES
from ICHSegmentationLib.io.dicom.tags import is_sharp_kernel, read_tags
from ICHSegmentationLib.io.file_kind import FileKind, file_kind

if TYPE_CHECKING:
    from pydicom import FileDataset

_HEAD = ("HEAD", "BRAIN", "SKULL", "CRAN", "SCHAEDEL", "KOPF", "NEURO")
# Image types (0008,0008) of a CT whose values are no HU of tissue: projections, 3D views, perfusion maps.
_DERIVED = {"MIP", "MIN_IP", "MPR_THICK_MIP", "VRT", "SSD", "PROJECTION IMAGE", "SCREEN SAVE", "SUBTRACTION", "CBF"}
_DERIVED |= {"CBV", "MTT", "TTP", "TMAX", "PERFUSION"}
_AXIAL = 0.7
"""Cosine of the angle between the normal and the long axis of the body, with the tilt of gantry and reformation."""
_THICK_MM = 2.5


class Preference(StrEnum):
    """Which series to choose where a study has thin and thick slices."""

    thick = "thick"
    thin = "thin"


@dataclass
class Series:
    """Files of a series with the values that decide about it; no patient data but the UIDs.

    Attributes
    ----------
    study, uid : str
        StudyInstanceUID with a hash of the patient's ID, and SeriesInstanceUID.
    header : FileDataset
        Header of its first image that is not a localizer.
    images : int
        Number of images without localizers, frames counted singly.
    """

    study: str
    uid: str
    header: FileDataset
    images: int = 0
    files: list[Path] = field(default_factory=list)
    only_localizers: bool = True

    @property
    def thickness_mm(self) -> float | None:
        """SliceThickness (0018,0050), or None."""
        try:
            return float(find_value(self.header, "SliceThickness"))
        except ValueError:
            return None

    @property
    def number(self) -> int:
        """SeriesNumber (0020,0011), or 0."""
        return integer_of(self.header, "SeriesNumber", 0)

    def describe(self) -> str:
        """Return one line without patient data."""
        parts = [f"series {self.number}", f"{self.images} images"]
        if self.thickness_mm is not None:
            parts.append(f"{self.thickness_mm:g} mm")
        kernel = find_value(self.header, "ConvolutionKernel")
        return ", ".join([*parts, f"kernel {kernel}"] if kernel else parts)

    def unsuitable(self) -> Message | None:
        """Return why it is no head CT without contrast medium and with a soft kernel, or None if it is one."""
        return self._no_axial_ct() or _other_tags(read_tags(self.header))

    def _no_axial_ct(self) -> Message | None:
        header = self.header
        kinds = {str(kind).upper() for kind in value_of(header, "ImageType") or ()}
        if (sop_class(header) or "") not in CT_CLASSES:
            return message("cohort.left_not_ct", modality=value_of(header, "Modality") or "unknown")
        if self.only_localizers:
            return message("cohort.left_localizer")
        if kinds & _DERIVED:
            return message("cohort.left_derived", kind=min(kinds & _DERIVED))
        if self.images < MINIMUM_SLICES:
            return message("cohort.left_few", minimum=MINIMUM_SLICES)
        return None if _is_axial(header) else message("cohort.left_not_axial")


def _other_tags(tags: dict[str, str]) -> Message | None:
    part = tags.get("body_part", "").upper()
    if part and not any(name in part for name in _HEAD):
        return message("cohort.left_other_part", part=part)
    if "contrast" in tags:
        return message("cohort.left_contrast")
    if is_sharp_kernel(tags.get("kernel", "")):
        return message("cohort.left_sharp", kernel=tags["kernel"])
    return None


def files_below(folder: Path) -> Iterator[Path]:
    """Yield all files of a tree in a fixed order, without hidden ones and without following links to folders."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if not name.startswith(".") and path.is_file():
                yield path


def find_series(files: Iterable[Path]) -> tuple[list[Series], list[LeftOut]]:
    """Read the headers of files; pixels stay on disk.

    Returns
    -------
    series : list of Series
        In the order in which they were found.
    left_out : list of LeftOut
        Files that are no DICOM images.
    """
    found: dict[tuple[str, str], Series] = {}
    left_out = []
    with quiet_pydicom():
        for path in files:
            try:
                if path.name.upper() == "DICOMDIR" or path.stat().st_size == 0:
                    continue
                kind = file_kind(path)
                if kind is not FileKind.DICOM:
                    if kind is not FileKind.UNKNOWN:
                        left_out.append(LeftOut(path, kind.value, message("cohort.left_not_dicom")))
                    continue
                header = load_dataset(path)
            except (InputError, OSError):
                left_out.append(LeftOut(path, path.suffix, message("cohort.left_damaged")))
                continue
            _add(found, path, header)
    return list(found.values()), left_out


def choose(found: Sequence[Series], preference: Preference) -> tuple[list[Series], list[LeftOut]]:
    """Return one series of each study that has a suitable one, and the others with the reason.

    Among suitable series the preferred thickness decides (thick: 2.5 mm or more), then the number of images, then the
    number of the series.
    """
    by_study: dict[str, list[Series]] = defaultdict(list)
    left_out = []
    for series in found:
        reason = series.unsuitable()
        if reason is None:
            by_study[series.study].append(series)
        else:
            left_out.append(_left(series, reason))
    chosen = []
    for candidates in by_study.values():
        first, *others = sorted(candidates, key=lambda series: _rank(series, preference))
        chosen.append(first)
        left_out += [_left(other, message("cohort.left_other_chosen", chosen=first.describe())) for other in others]
    return chosen, left_out


def case_of(series: Series, **changes: str | None) -> Case:
    """Return a series as a case; its ID is derived from the UIDs and shows nothing of the patient."""
    values = {"id": f"series-{short_hash(series.study, series.uid)}", "baseline_of": None, **changes}
    why = message("cohort.chosen", what=series.describe())
    return Case(str(values["id"]), tuple(series.files), series.uid, values["baseline_of"], why)


def _left(series: Series, reason: Message) -> LeftOut:
    return LeftOut(series.files[0].parent, series.describe(), reason)


def _add(found: dict[tuple[str, str], Series], path: Path, header: FileDataset) -> None:
    patient = short_hash(value_of(header, "PatientID") or "")
    study = f"{value_of(header, 'StudyInstanceUID') or path.parent}/{patient}"
    uid = str(value_of(header, "SeriesInstanceUID") or "")
    series = found.setdefault((study, uid), Series(study, uid, header))
    series.files.append(path)
    if "LOCALIZER" in (value_of(header, "ImageType") or ()):
        return
    if series.only_localizers:
        series.header, series.only_localizers = header, False
    series.images += integer_of(header, "NumberOfFrames", 1)


def _is_axial(header: FileDataset) -> bool:
    """Whether the slices are axial; True if the orientation is not stated, which reading then refuses."""
    text = find_value(header, "ImageOrientationPatient")
    stated = value_of(header, "ImageOrientationPatient") or _numbers(text)
    try:
        row, column = np.asarray(stated, dtype=float).reshape(2, 3)
    except (TypeError, ValueError):
        return True
    return bool(abs(np.cross(row, column)[2]) >= _AXIAL)


def _numbers(text: str) -> list[str]:
    return text.strip("[]").replace("'", "").split(",") if text else []


def _rank(series: Series, preference: Preference) -> tuple[bool, int, int, str]:
    thickness_mm = series.thickness_mm
    is_thick = thickness_mm is None or thickness_mm >= _THICK_MM
    return is_thick != (preference is Preference.thick), -series.images, series.number, series.uid
