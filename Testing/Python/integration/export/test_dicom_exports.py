# SPDX-License-Identifier: Apache-2.0
"""The files of a run on DICOM series, opened by other programs: same voxels, same millilitres, same measurements.

On the unmodified GE series (tilted, two step lengths) with drawn labels, since it shows no blood, and on a regular one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import highdicom
import numpy as np
import pydicom
import pytest
from builders.command import ichseg
from builders.dicom import write_series
from builders.dicom_checks import dciodvfy, dcmdump, dsrdump
from builders.generated_host import a_generated_host
from builders.simple_head import model_entry
from builders.slicer_reader import read_in_slicer
from builders.sr_content import Group, sr_groups
from pydicom.sr.codedict import codes

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.core.terminology import load_terminology
from ICHSegmentationLib.export.case import CaseResult
from ICHSegmentationLib.export.record import MeasurementRecord, read_record
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.models import RuntimeInfo
from ICHSegmentationLib.pipeline import write_results
from ICHSegmentationLib.segmentation.result import SegmentationResult

pytestmark = pytest.mark.slow


class Run(NamedTuple):
    """A folder of results, the scan, and what was segmented."""

    folder: Path
    volume: CTVolume
    labels: np.ndarray
    record: MeasurementRecord


@pytest.fixture(scope="module", params=["ge-head-ct", "regular"])
def a_run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "regular":
        head = a_generated_host()
        write_series(folder / "ct", head.volume.hu, head.volume.grid)
        volume, labels = read_ct(folder / "ct"), head.labels.astype(np.uint8)
    else:
        volume = read_ct(request.getfixturevalue("shared_data") / request.param)
        labels = np.zeros(volume.grid.shape, dtype=np.uint8)
        # Across the join of the 4 and the 7 mm slices.
        labels[10:17, 230:290, 200:240] = Subtype.IPH
        labels[18:21, 180:200, 290:310] = Subtype.IPH
        labels[14:16, 240:260, 250:262] = Subtype.IVH
        labels[12:20, 300:380, 100:106] = Subtype.SDH
    result = SegmentationResult(
        volume, LabelMap(labels, volume.grid), model_entry(sha256="0f" * 32), RuntimeInfo("cpu", "openvino", 1, "f32"),
        {}, (),
    )  # fmt: skip
    write_results(CaseResult.of(result), folder / "out")
    record = read_record(folder / "out" / "measurements.json")
    assert record.volumes_ml["IPH"] > 10
    return Run(folder / "out", volume, labels, record)


def test_both_files_are_valid(a_run: Run):
    assert [dciodvfy(a_run.folder / name) for name in ("segmentation.dcm", "measurements.dcm")] == [[], []]


def test_pydicom_reads_the_same_voxels_on_the_same_places(a_run: Run):
    segmentation = pydicom.dcmread(a_run.folder / "segmentation.dcm")
    again = np.zeros_like(a_run.labels)
    for mask, frame in zip(segmentation.pixel_array, segmentation.PerFrameFunctionalGroupsSequence, strict=True):
        position = np.array(frame.PlanePositionSequence[0].ImagePositionPatient, dtype=float)
        away_mm = np.linalg.norm(a_run.volume.grid.positions_mm - position, axis=1)
        assert away_mm.min() < 1e-3
        again[np.argmin(away_mm)][mask == 1] = frame.SegmentIdentificationSequence[0].ReferencedSegmentNumber
    assert np.array_equal(again, a_run.labels)


def test_highdicom_reads_the_same_voxels_by_source_slice(a_run: Run):
    seen = highdicom.seg.segread(a_run.folder / "segmentation.dcm")
    instances = [pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in a_run.volume.source.files]
    masks = seen.get_pixels_by_source_instance(instances)
    for subtype in Subtype:
        assert np.array_equal(masks[..., subtype - 1] == 1, a_run.labels == subtype)


@pytest.mark.parametrize("name", ["segmentation.dcm", "segmentation.seg.nrrd", "labels.nii.gz"])
def test_every_segmentation_measures_the_same(a_run: Run, name: str):
    done = ichseg("measure", a_run.folder / name, "--json")
    assert json.loads(done.out)["volumes_ml"] == pytest.approx(a_run.record.volumes_ml, abs=1e-4)


def test_highdicom_reads_the_report(a_run: Run):
    content = highdicom.sr.srread(a_run.folder / "measurements.dcm").content
    segments = content.get_volumetric_roi_measurement_groups()
    others = {group.tracking_identifier: group for group in content.get_image_measurement_groups()}

    volumes_ml = {group.tracking_identifier: group.get_measurements(codes.SCT.Volume)[0].value for group in segments}
    volumes_ml["total"] = others["total"].get_measurements(codes.SCT.Volume)[0].value
    assert volumes_ml == pytest.approx(a_run.record.volumes_ml, abs=1e-6)
    lesion, group = next(item for item in a_run.record.lesions if item.subtype == "IPH"), others["IPH 1"]
    mean, sd = group.get_measurements(codes.DCM.AttenuationCoefficient)
    assert (mean.value, sd.value) == (lesion.hu_mean, lesion.hu_sd)
    assert (mean.derivation, sd.derivation) == (codes.SCT.Mean, codes.SCT.StandardDeviation)
    assert mean.unit.value == "[hnsf'U]"
    assert len(group.source_images) >= lesion.slices[1] - lesion.slices[0] + 1


def test_the_report_says_what_the_record_says(a_run: Run):
    groups, record = sr_groups(a_run.folder / "measurements.dcm"), a_run.record
    rank: dict[str, int] = {}
    for lesion in record.lesions:
        rank[lesion.subtype] = rank.get(lesion.subtype, 0) + 1
        group = groups.pop(f"{lesion.subtype} {rank[lesion.subtype]}")
        assert group.number("Volume").value == lesion.volume_ml
        assert group.number("Diameter").value == lesion.longest_diameter_mm
        if lesion.abc2 is not None:
            assert group.number("Volume of ellipsoid").value == lesion.abc2.volume_ml
        assert_site(group, lesion.location)
    table = load_terminology()
    assert [group.finding for group in list(groups.values())[:5]] == [row.code.meaning for row in table.subtypes]
    assert list(groups)[5:] == ["total", "midline", "modified Graeb score"]
    assert_midline(groups["midline"], record)
    graeb = groups["modified Graeb score"].numbers
    ends = [item.value for item in graeb if item.name == "Modified Graeb score"]
    assert ends in ([record.modified_graeb.total], [record.modified_graeb.lowest, record.modified_graeb.highest])


def assert_site(group: Group, location) -> None:
    name = "Brain" if location.region is None else location.region.value
    said = group.sites[0][0].lower()
    assert said.startswith({"basal ganglia": "basal gang", "ventricles": "brain ventricle"}.get(name, name.lower()))
    side = None if location.side is None else location.side.value
    assert list(group.sites[0][1:]) == ([] if side is None else [side.capitalize()])
    compartment = "undetermined" if location.compartment is None else location.compartment.value
    assert group.answers["Above or below the tentorium"].value.lower() == compartment


def assert_midline(group: Group, record: MeasurementRecord) -> None:
    name = "Midline shift at the septum pellucidum"
    if record.midline_shift.shift_mm is None:
        assert (group.numbers, group.answers[name].value) == ([], "Undetermined")
    else:
        assert group.number(name, "mm").value == record.midline_shift.shift_mm


def test_dcmtk_shows_both(a_run: Run):
    report, segmentation = dsrdump(a_run.folder / "measurements.dcm"), dcmdump(a_run.folder / "segmentation.dcm")
    assert f'"{a_run.record.volumes_ml["IPH"]}" (mL,UCUM,"milliliter")' in report
    assert f'"Diameter")="{a_run.record.lesions[0].longest_diameter_mm}" (mm,UCUM,"millimeter")' in report
    assert '(ABC2,99ICHSEG,"ABC/2")' in report
    assert "=SegmentationStorage" in segmentation
    assert segmentation.count("[Intraparenchymal hemorrhage]") == 1
    frames = 5 * a_run.volume.grid.shape[0]
    assert f"IS [{frames}]" in next(line for line in segmentation.splitlines() if "NumberOfFrames" in line)


def test_slicer_reads_the_same_number_of_voxels(a_run: Run, tmp_path: Path):
    segments = read_in_slicer(a_run.folder / "segmentation.seg.nrrd", save_to=tmp_path / "again.seg.nrrd")
    counts = {name: segment["voxels"] for name, segment in segments.items()}
    assert counts == {subtype.name: int(np.sum(a_run.labels == subtype)) for subtype in Subtype}
