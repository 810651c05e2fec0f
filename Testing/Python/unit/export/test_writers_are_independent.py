# SPDX-License-Identifier: Apache-2.0
"""No DICOM writer changes what another one writes: headers of the source stay as they were read."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pydicom
import pytest
from builders.dicom import write_enhanced, write_series
from builders.grids import make_grid

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.dicom.pdf import write_dicom_pdf
from ICHSegmentationLib.export.dicom.seg import write_dicom_seg
from ICHSegmentationLib.export.dicom.sr import write_dicom_sr
from ICHSegmentationLib.io.dicom.source_headers import load_source_datasets
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure

GRID = make_grid(rows=20, columns=16, steps_mm=[5.0] * 7, tilt_deg=20)


def a_series(folder: Path) -> CTVolume:
    def thick(dataset: pydicom.Dataset, _: int) -> None:
        dataset.SliceThickness = "5"
        dataset.SpacingBetweenSlices = "4.7"

    write_series(folder, np.zeros(GRID.shape, dtype=np.int16), GRID, edit=thick)
    return read_ct(folder)


def a_multi_frame_file(folder: Path) -> CTVolume:
    folder.mkdir()
    write_enhanced(folder / "ct.dcm", np.zeros(GRID.shape, dtype=np.int16), GRID)
    return read_ct(folder)


def elements(path: Path) -> list[str]:
    """Return every element of a file as text, nested ones too, without what differs between two calls."""
    return [
        str(element) for element in pydicom.dcmread(path).iterall() if element.VR not in ("UI", "DA", "TM", "DT", "SQ")
    ]


@pytest.mark.parametrize("make_volume", [a_series, a_multi_frame_file])
def test_writing_a_segmentation_changes_neither_the_headers_nor_later_files(tmp_path, make_volume):
    volume = make_volume(tmp_path / "ct")
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[2:5, 2:8, 3:11] = Subtype.IPH
    label_map, measured = LabelMap(labels, volume.grid), measure(LabelMap(labels, volume.grid))
    other = load_source_datasets(volume)
    segmentation = write_dicom_seg(tmp_path / "other.dcm", label_map, volume.source, other, model=None)
    datasets = load_source_datasets(volume)
    as_read = copy.deepcopy(datasets)

    def write(name: str) -> list[list[str]]:
        write_dicom_sr(tmp_path / f"sr-{name}", measured, volume.source, datasets, segmentation)
        write_dicom_pdf(tmp_path / f"pdf-{name}", b"%PDF", volume.source, datasets, shows_patient=False)
        return [elements(tmp_path / f"{kind}-{name}") for kind in ("sr", "pdf")]

    before = write("before")
    write_dicom_seg(tmp_path / "segmentation.dcm", label_map, volume.source, datasets, model=None)

    assert write("after") == before
    assert datasets == as_read
