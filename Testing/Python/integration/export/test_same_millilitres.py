# SPDX-License-Identifier: Apache-2.0
"""Every format that holds volumes, or from which volumes can be measured, says the same millilitres."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pydicom
import pytest
from builders.dicom import write_enhanced, write_series
from builders.grids import make_grid
from builders.simple_head import model_entry
from builders.sr_content import sr_groups

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.exporter import Exporter
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.export.record import make_record
from ICHSegmentationLib.io.labels.reader import read_labels
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.models import RuntimeInfo
from ICHSegmentationLib.segmentation.result import SegmentationResult

REGULAR = make_grid(rows=96, columns=80, steps_mm=[5.0] * 19, spacing_mm=(2.0, 2.5))
UNEVEN = make_grid(rows=96, columns=80, steps_mm=[4.22] * 9 + [1.14] + [7.38] * 9, tilt_deg=18.5, spacing_mm=(2.0, 2.5))
FORMATS = tuple(kind for kind in ExportFormat if kind not in (ExportFormat.boxes, ExportFormat.render))


class Written(NamedTuple):
    """A folder with every format, and the volumes of the labels in mL."""

    folder: Path
    volume: CTVolume
    volumes_ml: dict[str, float]

    def file(self, kind: ExportFormat) -> Path:
        return self.folder / kind.file_name


@pytest.fixture(scope="module", params=["regular", "enhanced", "tilted and uneven", "ge-head-ct"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("written")
    if request.param == "ge-head-ct":
        volume = read_ct(request.getfixturevalue("shared_data") / request.param)
    else:
        grid = REGULAR if request.param == "regular" else UNEVEN
        hu = np.full(grid.shape, -1000, dtype=np.int16)
        hu[:, 8:88, 8:72] = 30
        if request.param == "enhanced":
            volume = read_ct(write_enhanced(folder / "ct.dcm", hu, grid))
        else:
            write_series(folder / "ct", hu, grid)
            volume = read_ct(folder / "ct")
    slices, rows, columns = volume.grid.shape
    labels = np.zeros(volume.grid.shape, dtype=np.uint8)
    # A ring across the join of the steps, another subtype inside it, and blood on the last slice.
    labels[slices // 3 : slices * 3 // 4, rows // 3 : rows // 2, columns // 3 : columns // 2] = Subtype.IPH
    labels[slices // 2 - 1 : slices // 2 + 2, rows * 2 // 5 : rows * 9 // 20, columns * 2 // 5 : columns * 9 // 20] = 5
    labels[-6:, rows // 3 : rows * 2 // 3, columns * 4 // 5 : columns * 4 // 5 + 3] = Subtype.SDH
    runtime = RuntimeInfo("cpu", "openvino", 1, "f32")
    result = SegmentationResult(volume, LabelMap(labels, volume.grid), model_entry(sha256="0f" * 32), runtime, {}, ())
    # Measured without the scan: locations and the midline take long and are no volumes.
    measurements = measure(result.label_map)
    case = CaseResult(
        label_map=result.label_map, measurements=measurements, volume=volume, record=make_record(result, measurements)
    )
    Exporter(case).write_files(folder / "out", FORMATS)
    assert measurements.volumes_ml["IVH"] > 0.1
    return Written(folder / "out", volume, measurements.volumes_ml)


def of_labels(kind: ExportFormat) -> Callable[[Written], dict[str, float]]:
    return lambda written: measure(read_labels(written.file(kind), written.volume.grid).label_map).volumes_ml


def of_csv(written: Written) -> dict[str, float]:
    with written.file(ExportFormat.csv).open(encoding="utf-8") as file:
        return {row["subtype"]: float(row["volume_ml"]) for row in csv.DictReader(file)}


def of_json(written: Written) -> dict[str, float]:
    return json.loads(written.file(ExportFormat.json).read_text(encoding="utf-8"))["volumes_ml"]


def of_sr(written: Written) -> dict[str, float]:
    groups = sr_groups(written.file(ExportFormat.dicom_sr))
    return {name: groups[name].number("Volume").value for name in written.volumes_ml}


def of_fhir(written: Written) -> dict[str, float]:
    ids = {row.code.value: row.id for row in load_terminology().classes} | {"1386000": "total"}
    entries = json.loads(written.file(ExportFormat.fhir).read_text(encoding="utf-8"))["entry"]
    found = [entry["resource"] for entry in entries if "component" in entry["resource"]]
    return {
        ids[item["code"]["coding"][0]["code"]]: item["component"][0]["valueQuantity"]["value"]
        for item in found
        if "coding" in item["code"]
    }


def of_rtstruct(written: Written) -> dict[str, float]:
    """Areas in 3D times the extents of the slices nearest to them."""
    dataset, grid = pydicom.dcmread(written.file(ExportFormat.rtstruct)), written.volume.grid
    names = {item.ROINumber: item.ROIName for item in dataset.StructureSetROISequence}
    found = dict.fromkeys(written.volumes_ml, 0.0)
    for region in dataset.ROIContourSequence:
        for contour in region.ContourSequence:
            points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
            index = int(np.argmin(np.abs((grid.positions_mm - points[0]) @ grid.normal)))
            points -= points[0]
            area = np.linalg.norm(np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)) / 2
            for name in (names[region.ReferencedROINumber], "total"):
                found[name] += area * grid.extents_mm[index] / 1000
    return found


# How each format is read, and its tolerance: relative, and in mL.
TABLE: dict[ExportFormat, tuple[Callable[[Written], dict[str, float]], float, float]] = {
    ExportFormat.seg_nrrd: (of_labels(ExportFormat.seg_nrrd), 1e-6, 1e-6),
    ExportFormat.nifti: (of_labels(ExportFormat.nifti), 1e-6, 1e-6),
    ExportFormat.dicom_seg: (of_labels(ExportFormat.dicom_seg), 1e-6, 1e-6),
    ExportFormat.dicom_labelmap: (of_labels(ExportFormat.dicom_labelmap), 1e-6, 1e-6),
    ExportFormat.dicom_sr: (of_sr, 1e-6, 1e-6),
    ExportFormat.json: (of_json, 1e-6, 1e-6),
    ExportFormat.fhir: (of_fhir, 1e-6, 1e-6),
    ExportFormat.csv: (of_csv, 0.0, 1e-3),
    ExportFormat.rtstruct: (of_rtstruct, 1e-3, 1e-3),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", TABLE)
def test_every_format_says_the_same_millilitres(written: Written, kind: ExportFormat):
    read, relative, absolute_ml = TABLE[kind]
    assert read(written) == pytest.approx(written.volumes_ml, rel=relative, abs=absolute_ml)
