# SPDX-License-Identifier: Apache-2.0
"""Tiny data sets in the layouts of public ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pydicom

from builders.affine_files import in_axis_order, write_nifti
from builders.dicom import write_series
from builders.grids import coded_hu, make_grid
from ICHSegmentationLib.core.scan.grid import SliceGrid

SHAPE = (4, 8, 6)
"""(slices, rows, columns) of every scan."""
GRID = make_grid(rows=8, columns=6, steps_mm=(5.0,) * 3, tilt_deg=18.5)
CT_ICH_COLUMNS = (
    "PatientNumber",
    "SliceNumber",
    "Intraventricular",
    "Intraparenchymal",
    "Subarachnoid",
    "Epidural",
    "Subdural",
    "No_Hemorrhage",
    "Fracture_Yes_No",
)
FINDINGS = ("ICH", "IPH", "IVH", "SDH", "EDH", "SAH")
READS_COLUMNS = ("name", "Category", *(f"R{reader}:{finding}" for reader in (1, 2, 3) for finding in FINDINGS))
BHX_COLUMNS = ("", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "data", "labelName", "labelType")


def write_pair(image: Path, mask: Path, values: np.ndarray, *, grid: SliceGrid = GRID, flipped: bool = True) -> None:
    """Write a scan of coded HU and its mask, by default with reversed rows."""
    for path, volume in ((image, coded_hu(values.shape)), (mask, values)):
        path.parent.mkdir(parents=True, exist_ok=True)
        array, affine = in_axis_order(volume, grid.nearest_affine_ras, (0, 1, 2), (False, flipped, False))
        write_nifti(path, array, affine)


def blood(*slices: int, value: int = 1) -> np.ndarray:
    """Return a mask with three pixels of blood on some slices."""
    values = np.zeros(SHAPE, dtype=np.uint8)
    for index in slices:
        values[index, 2, 1:4] = value
    return values


def write_table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]], *, mark: bool = False) -> None:
    """Write a comma-separated table, with a byte order mark in front if asked for."""
    lines = [",".join(map(str, line)) for line in (columns, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig" if mark else "utf-8")


def write_ct_ich(folder: Path, patients: Mapping[int, Sequence[str]], *, outlined: Sequence[int] = (0, 1, 2)) -> Path:
    """Write ct-ich; the subtypes of each slice are given by the initials of the columns (V P A E D)."""
    rows = []
    for patient, slices in patients.items():
        name = f"{patient:03d}.nii"
        write_pair(folder / "ct_scans" / name, folder / "masks" / name, blood(*outlined, value=255))
        for number, marks in enumerate(slices, start=1):
            rows.append([patient, number, *(int(letter in marks) for letter in "VPAED"), int(not marks), 0])
    write_table(folder / "hemorrhage_diagnosis_raw_ct.csv", CT_ICH_COLUMNS, rows, mark=True)
    return folder


def write_cq500(folder: Path, votes: Mapping[int, int]) -> dict[int, list[str]]:
    """Write a series for each case and ``reads.csv``; return the SOP instances of each case, lowest slice first.

    ``votes`` is the number of the three radiologists who saw an intraparenchymal hemorrhage.
    """
    instances = {}
    rows = []
    for case, count in votes.items():
        series = folder / f"CQ500CT{case} CQ500CT{case}" / "Unknown Study" / "CT Plain"
        paths = write_series(
            series, coded_hu(SHAPE), GRID, series_uid=f"1.2.826.{case + 1}", names="CT{:06d}.dcm".format
        )
        instances[case] = [str(pydicom.dcmread(path).SOPInstanceUID) for path in paths]
        reads = [int(reader < count and finding in {"ICH", "IPH"}) for reader in range(3) for finding in FINDINGS]
        rows.append([f"CQ500-CT-{case}", "B1", *reads])
    write_table(folder / "reads.csv", READS_COLUMNS, rows)
    return instances


def write_bhx(folder: Path, boxes: Sequence[tuple[str, str, tuple[float, float, float, float], str]]) -> None:
    """Write the table of the selected series: SOP instance, series, (x, y, width, height) and label of each box."""
    rows = []
    for number, (instance, series, (x, y, width, height), label) in enumerate(boxes):
        data = f"\"{{'x': {x}, 'y': {y}, 'width': {width}, 'height': {height}}}\""
        rows.append([number, instance, series, "1.2.3.4", data, label, "thin_slice"])
    write_table(folder / "3_Extrapolation_to_Selected_Series.csv", BHX_COLUMNS, rows)
