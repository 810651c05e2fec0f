# SPDX-License-Identifier: Apache-2.0
"""A system that does not tell subtypes apart, from its two classes to every file and table."""

from __future__ import annotations

import json

import numpy as np
import pydicom
import pytest
from builders.dicom import write_series
from builders.dicom_checks import dciodvfy
from builders.errors import raises
from builders.grids import make_grid
from builders.label_maps import ellipsoid_mask, ellipsoid_ml, head_grid
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM, BrightRuntime, head_volume, model_entry

from ICHSegmentationLib import pipeline
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.subtypes import UNKNOWN_SUBTYPE, Subtype, label_values
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.exporter import Exporter
from ICHSegmentationLib.export.formats import ExportFormat
from ICHSegmentationLib.io.labels.reader import read_labels
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.models import RuntimeInfo
from ICHSegmentationLib.segmentation.postprocessing import PostProcessing
from ICHSegmentationLib.segmentation.result import SegmentationResult
from ICHSegmentationLib.systems import build_segmenter

ENTRY = model_entry(
    name="attfocusnet-compact",
    system="attfocusnet",
    classes=("background", "ICH"),
    window_hu=(-60.0, 140.0),
    clip_hu=(0.0, 80.0),
    case_minimum_ml=0.5,
)


class BrightIchRuntime(BrightRuntime):
    """Two classes; what is bright is blood."""

    def probabilities(self, images, *, progress=None):
        found = super().probabilities((images * 200 - 60) / 80, progress=progress)
        return found[:, [0, Subtype.IPH]]


@pytest.fixture(scope="module")
def a_result():
    grid = head_grid([5.0] * 33, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    volume = head_volume(grid)
    runtime = BrightIchRuntime()
    shares = {"preprocess": 0.4, "infer": 0.4, "postprocess": 0.2}
    segmented = build_segmenter(ENTRY, runtime).segment(volume, Stages(shares), force=False)
    return SegmentationResult(volume, segmented.label_map, ENTRY, runtime.info, {}, segmented.warnings)


def test_blood_gets_the_label_for_no_subtype_and_its_volume(a_result):
    labels = a_result.label_map.labels
    assert set(np.unique(labels)) == {0, UNKNOWN_SUBTYPE}
    truth = ellipsoid_mask(a_result.label_map.grid, CLOT_CENTRE_MM, CLOT_RADII_MM)
    assert 2 * ((labels > 0) & truth).sum() / ((labels > 0).sum() + truth.sum()) > 0.95
    # Equation 1 of the paper with what each slice owns: the sum over slices of pixels x pixel area x extent.
    by_hand = sum((plane > 0).sum() * 1.6 * 1.6 * 5.0 for plane in labels) / 1000
    measured = measure(a_result.label_map)
    assert measured.volumes_ml["ICH"] == pytest.approx(by_hand, rel=1e-6)
    assert measured.volumes_ml["total"] == pytest.approx(ellipsoid_ml(CLOT_RADII_MM), rel=0.03)
    assert measured.present == {"EDH": False, "SDH": False, "SAH": False, "IPH": False, "IVH": False, "ICH": True}


@pytest.mark.slow
def test_of_more_than_forty_slices_with_brain_none_is_lost():
    grid = head_grid([1.0] * 189, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    runtime = BrightIchRuntime()
    stages = Stages({"preprocess": 0.4, "infer": 0.4, "postprocess": 0.2})
    labels = build_segmenter(ENTRY, runtime).segment(head_volume(grid), stages, force=False).label_map.labels
    # The inside of the skull is 140 mm high, the scan 190 mm; of slices 1 mm apart every second is shown.
    assert 69 <= len(runtime.images) <= 72
    clot = ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM).any(axis=(1, 2))
    assert (labels.any(axis=(1, 2)) == clot).mean() > 0.98
    assert clot.sum() > 30


def test_the_reader_is_told_that_no_subtype_was_looked_for(a_result):
    assert "segmentation.no_subtypes" in [getattr(warning, "code", "") for warning in a_result.warnings]


def test_all_files_name_the_blood_without_a_subtype(a_result, tmp_path):
    written = pipeline.write_results(CaseResult.of(a_result), tmp_path / "out").outputs
    record = json.loads(written["measurements.json"].read_text(encoding="utf-8"))
    total = record["volumes_ml"]["total"]
    assert record["volumes_ml"]["ICH"] == total > 15
    assert record["largest_lesion"]["subtype"] == "ICH"
    assert record["case_decision"] == {"minimum_ml": 0.5, "volume_ml": total, "has_bleed": True}
    assert record["alignment"] is None
    assert b"Segment5_ID:=ICH" in written["segmentation.seg.nrrd"].read_bytes().split(b"\n\n", 1)[0]
    assert written["report.pdf"].stat().st_size > 10_000


def test_dicom_files_name_it_too(tmp_path):
    grid = make_grid(rows=20, columns=16, steps_mm=[4.22] * 4 + [1.14] + [7.38] * 4, tilt_deg=18.5)
    write_series(tmp_path / "ct", np.zeros(grid.shape, dtype=np.int16), grid)
    volume = read_ct(tmp_path / "ct")
    labels = np.zeros(grid.shape, dtype=np.uint8)
    labels[3:6, 2:8, 3:11] = UNKNOWN_SUBTYPE
    runtime = RuntimeInfo("cpu", "openvino", 1, "f32")
    result = SegmentationResult(volume, LabelMap(labels, volume.grid), ENTRY, runtime, {}, ())
    measured = measure(result.label_map)

    Exporter(CaseResult.of(result)).write_files(tmp_path, (ExportFormat.dicom_seg, ExportFormat.dicom_sr))

    assert all(dciodvfy(tmp_path / name) == [] for name in ("segmentation.dcm", "measurements.dcm"))
    read = read_labels(tmp_path / "segmentation.dcm")
    np.testing.assert_array_equal(read.label_map.labels, labels)
    assert measure(read.label_map).volumes_ml["ICH"] == pytest.approx(measured.volumes_ml["ICH"], abs=1e-5)
    assert "1386000" in str(pydicom.dcmread(tmp_path / "measurements.dcm"))


def test_specks_are_dropped_and_bleeds_kept(a_result):
    labels = np.zeros_like(a_result.label_map.labels)
    labels[10:14, 40:50, 40:50] = UNKNOWN_SUBTYPE  # 400 voxels of 12.8 mm3: 5.1 mL
    labels[20, 60, 60] = UNKNOWN_SUBTYPE
    labels = PostProcessing().apply(labels, a_result.label_map.grid)
    assert labels[10:14, 40:50, 40:50].all()
    assert (labels > 0).sum() == 400


@pytest.mark.parametrize(
    ("classes", "labels"),
    [(("background", "ICH"), (0, 6)), (("background", "IPH", "EDH"), (0, 4, 1))],
)
def test_classes_have_the_labels_of_their_names(classes, labels):
    assert label_values(classes) == labels


def test_unknown_classes_are_refused():
    with raises(ValueError, "core.classes", known="EDH, SDH, SAH, IPH, IVH, ICH"):
        label_values(("background", "tumor"))
