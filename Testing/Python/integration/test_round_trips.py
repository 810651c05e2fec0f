# SPDX-License-Identifier: Apache-2.0
"""An ellipsoid of known volume, written as a CT, read, labelled and measured: right volume, right place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders.affine_files import write_nifti, write_nrrd
from builders.dicom import write_enhanced, write_series
from builders.label_maps import ellipsoid_mask, ellipsoid_ml, head_grid

from ICHSegmentationLib import measure, read_ct
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype

CENTRE_MM = (6.0, -4.0, 3.0)
RADII_MM = (26.0, 22.0, 30.0)
STEPS = {"1 mm": [1.0] * 90, "5 mm": [5.0] * 19, "mixed": [4.0] * 11 + [7.0] * 7}
# An affine cannot hold uneven steps.
CASES = [("dicom", steps) for steps in STEPS] + [("enhanced", steps) for steps in STEPS]
CASES += [(kind, steps) for kind in ("nifti", "nrrd") for steps in ("1 mm", "5 mm")]


def ellipsoid_hu(grid: SliceGrid) -> np.ndarray:
    hu = np.full(grid.shape, -50, dtype=np.int16)
    hu[ellipsoid_mask(grid, CENTRE_MM, RADII_MM)] = 60
    return hu


def write(folder: Path, kind: str, hu: np.ndarray, grid: SliceGrid) -> None:
    if kind == "dicom":
        write_series(folder, hu, grid)
    elif kind == "enhanced":
        write_enhanced(folder / "ct.dcm", hu, grid)
    elif kind == "nifti":
        write_nifti(folder / "ct.nii.gz", hu.transpose(2, 1, 0), grid.affine_ras)
    else:
        write_nrrd(folder / "ct.nrrd", hu.transpose(2, 1, 0), grid.affine_ras)


def centroid_mm(volume: CTVolume, mask: np.ndarray) -> np.ndarray:
    weights = volume.grid.extents_mm[np.nonzero(mask)[0]]
    return np.average(volume.grid.points_mm(np.argwhere(mask)), axis=0, weights=weights)


@pytest.mark.parametrize("oblique_deg", [(0, 0, 0), (11, -7, 15)])
@pytest.mark.parametrize("tilt_deg", [0, 10, 20])
@pytest.mark.parametrize(("kind", "steps"), CASES)
def test_an_ellipsoid_keeps_its_volume_and_place(tmp_path, kind, steps, tilt_deg, oblique_deg):
    grid = head_grid(STEPS[steps], tilt_deg=tilt_deg, oblique_deg=oblique_deg, rows=96, columns=90)
    write(tmp_path, kind, ellipsoid_hu(grid), grid)
    volume = read_ct(tmp_path)
    mask = volume.hu > 0
    labels = np.where(mask, np.uint8(Subtype.IPH), np.uint8(0))
    assert measure(LabelMap(labels, volume.grid)).volumes_ml["IPH"] == pytest.approx(ellipsoid_ml(RADII_MM), rel=0.01)
    assert centroid_mm(volume, mask) == pytest.approx(CENTRE_MM, abs=0.35)
    assert abs(volume.grid.tilt_deg) == pytest.approx(tilt_deg, abs=0.01)
