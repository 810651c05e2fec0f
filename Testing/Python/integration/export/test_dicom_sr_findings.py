# SPDX-License-Identifier: Apache-2.0
"""Structured reports hold each lesion and what is said of the head, marked where a user typed it, never invented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from builders.dicom import write_enhanced, write_series
from builders.dicom_checks import dciodvfy
from builders.grids import make_grid
from builders.label_maps import labelled
from builders.sr_content import Group, all_codes, sr_groups
from pydicom.sr._concepts_dict import concepts

from ICHSegmentationLib.anatomy.lesion_location import Compartment, LesionLocation, Region, Side
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.export.comparison import Comparison
from ICHSegmentationLib.export.dicom.seg import write_dicom_seg
from ICHSegmentationLib.export.dicom.sr import write_dicom_sr
from ICHSegmentationLib.export.record import RunRecord, record_of
from ICHSegmentationLib.io.dicom.source_headers import load_source_datasets
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement import IchScore, Measurements, MidlineShift, ModifiedGraeb, ich_score
from ICHSegmentationLib.measurement.growth import EXPANSION, REVISED_EXPANSION, Change, Verdict, compare_volumes
from ICHSegmentationLib.measurement.measure import measure

GRID = make_grid(rows=20, columns=24, steps_mm=[4.22] * 4 + [1.14] + [7.38] * 4, spacing_mm=(2, 2), tilt_deg=18.5)
TYPED, CHOSEN = {"Measurement Method": "Manual Entry"}, {"Selection Status": "User chosen value"}


@pytest.fixture(scope="module")
def a_volume(tmp_path_factory) -> CTVolume:
    folder = tmp_path_factory.mktemp("ct")
    write_series(folder, some_hu(GRID), GRID)
    return read_ct(folder)


def some_hu(grid: SliceGrid) -> np.ndarray:
    return np.random.default_rng(4).integers(40, 80, grid.shape).astype(np.int16)


def three_bleeds(grid: SliceGrid) -> LabelMap:
    """Two IPH that share a slice, and an SDH on its own."""
    labels = np.zeros(grid.shape, dtype=np.uint8)
    labels[2:6, 2:12, 3:11] = Subtype.IPH
    labels[5:7, 2:8, 15:20] = Subtype.IPH
    labels[4:8, 15:18, 3:20] = Subtype.SDH
    return LabelMap(labels, grid)


def written(folder: Path, volume: CTVolume, label_map: LabelMap, measurements: Measurements, **told) -> Path:
    """Write SEG and SR; ``told`` are fields of the record."""
    datasets = load_source_datasets(volume)
    segmentation = write_dicom_seg(folder / "segmentation.dcm", label_map, volume.source, datasets, model=None)
    record = record_of(volume, measurements, RunRecord.of_attributes({})).model_copy(update=told)
    path = folder / "measurements.dcm"
    write_dicom_sr(path, measurements, volume.source, datasets, segmentation, record=record)
    assert dciodvfy(path) == []
    return path


def groups_of(folder: Path, volume: CTVolume, measurements: Measurements | None = None, **told) -> dict[str, Group]:
    label_map = three_bleeds(volume.grid)
    return sr_groups(written(folder, volume, label_map, measurements or measure(label_map, volume), **told))


def test_each_lesion_has_what_was_measured_of_it(tmp_path, a_volume):
    measured = measure(three_bleeds(a_volume.grid), a_volume)
    groups = groups_of(tmp_path, a_volume)

    found = {name: group for name, group in groups.items() if name[-1].isdigit()}
    rank: dict[str, int] = {}
    for lesion in measured.lesions:
        rank[lesion.subtype] = rank.get(lesion.subtype, 0) + 1
        group = found.pop(f"{lesion.subtype} {rank[lesion.subtype]}")
        volume = group.number("Volume", "mL")
        assert volume.value == lesion.volume_ml
        ((purpose, centre),) = volume.points
        assert purpose == "Center of Mass"
        assert centre == pytest.approx(lesion.centroid_lps_mm, abs=1e-4)
        assert group.number("Diameter", "mm", Derivation="Maximum").value == lesion.longest_diameter_mm
        assert group.number("Attenuation Coefficient", "[hnsf'U]", Derivation="Mean").value == lesion.hu_mean
        assert (
            group.number("Attenuation Coefficient", "[hnsf'U]", Derivation="Standard Deviation").value == lesion.hu_sd
        )
        estimate = group.number("Volume of ellipsoid", "mL")
        assert (estimate.value, estimate.marks) == (
            lesion.abc2.volume_ml,
            {"Measurement Method": "ABC/2" if lesion.subtype == "IPH" else "XYZ/2"},
        )
        lines = [np.reshape(values, (2, 3)) for _, values in estimate.points]
        lengths = [np.linalg.norm(line[1] - line[0]) for line in lines]
        assert lengths == pytest.approx([lesion.abc2.a_mm, lesion.abc2.b_mm], abs=0.02)
    assert found == {}


def test_blood_without_an_estimate_or_a_scan_has_none(tmp_path, a_volume):
    labels = np.zeros(GRID.shape, dtype=np.uint8)
    labels[2:4, 3:6, 3:6] = Subtype.IVH
    label_map = LabelMap(labels, a_volume.grid)
    groups = sr_groups(written(tmp_path, a_volume, label_map, measure(label_map)))

    assert [item.name for item in groups["IVH 1"].numbers] == ["Volume", "Diameter"]
    assert groups["IVH 1"].answers == {}
    assert groups["IVH 1"].sites == [("Brain",)]
    assert list(groups)[5:] == ["total", "IVH 1"]


def test_a_lesion_names_its_slices_and_the_frames_that_hold_it_alone(tmp_path, a_volume):
    groups = groups_of(tmp_path, a_volume)
    segmentation = pydicom.dcmread(tmp_path / "segmentation.dcm")
    masks, labels = segmentation.pixel_array, three_bleeds(a_volume.grid).labels
    slices = [pydicom.dcmread(file).SOPInstanceUID for file in a_volume.source.files]

    *shown, (instance, frames) = groups["SDH 1"].images
    assert [uid for uid, _ in shown] == slices[4:8]
    assert instance == segmentation.SOPInstanceUID
    held = sum(np.count_nonzero(masks[number - 1]) for number in frames)
    assert (len(frames), held) == (4, np.count_nonzero(labels == Subtype.SDH))
    # Both lie on slice 5, where the segment's frame holds parts of both.
    assert [uid for uid, _ in groups["IPH 1"].images] == slices[2:6]
    assert [uid for uid, _ in groups["IPH 2"].images] == slices[5:7]


def test_slices_of_a_multi_frame_file_are_its_frames(tmp_path):
    upside_down = SliceGrid(GRID.shape, GRID.positions_mm[::-1], GRID.orientation, GRID.spacing_mm)
    volume = read_ct(write_enhanced(tmp_path / "ct.dcm", some_hu(GRID), upside_down))
    groups = groups_of(tmp_path, volume)

    scan = pydicom.dcmread(tmp_path / "ct.dcm").SOPInstanceUID
    assert groups["SDH 1"].images[0] == (scan, (6, 5, 4, 3))
    masks = pydicom.dcmread(tmp_path / "segmentation.dcm").pixel_array
    held = sum(np.count_nonzero(masks[number - 1]) for number in groups["SDH 1"].images[1][1])
    assert held == np.count_nonzero(three_bleeds(volume.grid).labels == Subtype.SDH)


def located(measurements: Measurements, location: LesionLocation) -> Measurements:
    lesions = tuple(lesion.model_copy(update={"location": location}) for lesion in measurements.lesions)
    return measurements.model_copy(update={"lesions": lesions})


LOCATIONS = {
    "all": (
        LesionLocation(
            side=Side.LEFT, compartment=Compartment.SUPRATENTORIAL, region=Region.BASAL_GANGLIA,
            region_shares={Region.BASAL_GANGLIA: 0.6, Region.THALAMUS: 0.3},
        ),
        [("Basal ganglion structure", "Left"), ("Thalamus", "Left")],
        "Supratentorial",
    ),
    "midline": (
        LesionLocation(side=Side.MIDLINE, compartment=Compartment.INFRATENTORIAL, region=Region.BRAIN_STEM),
        [("Brain Stem", "Midline")],
        "Infratentorial",
    ),
    "both sides": (
        LesionLocation(side=Side.BILATERAL, region=Region.VENTRICLES),
        [("Brain ventricle", "Bilateral")],
        "Undetermined",
    ),
    "side only": (LesionLocation(side=Side.RIGHT), [("Brain", "Right")], "Undetermined"),
    "region only": (LesionLocation(region=Region.INSULA), [("Insula",)], "Undetermined"),
    "nothing": (LesionLocation(), [("Brain",)], "Undetermined"),
}  # fmt: skip


@pytest.mark.parametrize(("location", "sites", "compartment"), LOCATIONS.values(), ids=LOCATIONS.keys())
def test_the_finding_site_is_as_far_as_it_was_determined(tmp_path, a_volume, location, sites, compartment):
    measured = located(measure(three_bleeds(a_volume.grid), a_volume), location)
    group = groups_of(tmp_path, a_volume, measured)["IPH 1"]

    assert group.sites == sites
    assert group.answers["Above or below the tentorium"].value == compartment


def test_midline_shift_has_its_side_and_its_line(tmp_path, a_volume):
    shift = MidlineShift(
        shift_mm=4.2, toward="right", confidence=0.8, slice=4, septum_lps_mm=(-4.2, 1, 2), midline_lps_mm=(0, 1, 2)
    )
    measured = measure(three_bleeds(a_volume.grid), a_volume).model_copy(update={"midline_shift": shift})
    group = groups_of(tmp_path, a_volume, measured)["midline"]

    (number,) = group.numbers
    assert (number.name, number.value, number.unit) == ("Midline shift at the septum pellucidum", 4.2, "mm")
    assert number.points == [("Source", pytest.approx([0, 1, 2, -4.2, 1, 2], abs=1e-5))]
    assert {name: answer.value for name, answer in group.answers.items()} == {
        "Side that the midline has shifted to": "Right"
    }


def test_midline_shift_that_is_not_determined_is_said_so(tmp_path, a_volume):
    shift = MidlineShift(reason="the middle of the brain is not in the scan")
    measured = measure(three_bleeds(a_volume.grid), a_volume).model_copy(update={"midline_shift": shift})
    group = groups_of(tmp_path, a_volume, measured)["midline"]

    assert group.numbers == []
    assert group.answers["Midline shift at the septum pellucidum"].value == "Undetermined"
    assert group.remark == "the middle of the brain is not in the scan"


def test_the_ich_score_tells_what_was_typed_from_what_was_measured(tmp_path, a_volume):
    measured = located(
        measure(three_bleeds(a_volume.grid), a_volume), LesionLocation(compartment=Compartment.SUPRATENTORIAL)
    )
    score = ich_score(measured, gcs=10, age_years=82, infratentorial=True, iph_ml=34.0)
    group = groups_of(tmp_path, a_volume, measured, ich_score=score)["ICH score"]

    assert group.finding == "Cerebral hemorrhage"
    assert group.number("ICH score, of spontaneous hemorrhage only")[1:4] == (4, "{score}", {})
    assert group.number("Published 30-day mortality at this ICH score")[1:4] == (97, "%", {})
    assert group.number("Glasgow coma score total")[1:4] == (10, "{score}", TYPED)
    assert group.number("Subject Age")[1:4] == (82, "a", TYPED)
    assert group.number("Volume")[1:4] == (34.0, "mL", TYPED | CHOSEN)
    assert group.answers == {
        "Intraventricular hemorrhage": ("No", {}),
        "Hemorrhage began below the tentorium": ("Yes", TYPED | CHOSEN),
    }
    assert "Hemphill" in group.remark


def test_a_score_with_items_that_are_not_determined_is_a_range(tmp_path, a_volume):
    measured = measure(three_bleeds(a_volume.grid), a_volume)
    assert measured.lesions[0].location == LesionLocation()
    score = ich_score(measured, age_years=60)
    group = groups_of(tmp_path, a_volume, measured, ich_score=score)["ICH score"]

    assert (score.lowest, score.highest) == (0, 3)
    for end, points, per_cent in (("Minimum", 0, 0), ("Maximum", 3, 72)):
        assert group.number("ICH score, of spontaneous hemorrhage only", Derivation=end).value == points
        assert group.number("Published 30-day mortality at this ICH score", Derivation=end).value == per_cent
    assert [item.name for item in group.numbers[4:]] == ["Subject Age", "Volume"]
    assert group.number("Volume")[1:4] == (measured.volumes_ml["IPH"], "mL", {})
    assert group.answers["Hemorrhage began below the tentorium"] == ("Undetermined", {})


def test_an_answer_of_the_reader_is_marked_also_where_it_is_not_determined(tmp_path, a_volume):
    measured = measure(three_bleeds(a_volume.grid), a_volume)
    score = ich_score(measured, gcs=10, ivh="not determined", iph_ml=measured.volumes_ml["IPH"])
    group = groups_of(tmp_path, a_volume, measured, ich_score=score)["ICH score"]

    assert score.edited == ("iph_ml", "ivh")
    assert group.answers["Intraventricular hemorrhage"] == ("Undetermined", TYPED | CHOSEN)
    assert group.number("Volume")[1:4] == (measured.volumes_ml["IPH"], "mL", TYPED | CHOSEN)


def test_six_points_have_no_mortality(tmp_path, a_volume):
    score = IchScore(gcs=3, age_years=90, iph_ml=50, ivh=True, infratentorial=True)
    group = groups_of(tmp_path, a_volume, ich_score=score)["ICH score"]
    assert group.number("ICH score, of spontaneous hemorrhage only").value == 6
    assert not [item for item in group.numbers if "mortality" in item.name]


def test_the_graeb_score_has_compartments_with_points_and_marks_edits(tmp_path, a_volume):
    proposal = ModifiedGraeb.of({"third": (100, True), "left_occipital_horn": (30, False)})
    edited = proposal.edited({"third": 3, "right_temporal_horn": 1})
    group = groups_of(tmp_path, a_volume, modified_graeb=edited)["modified Graeb score"]

    part = "Modified Graeb score, points of one compartment"
    assert group.number("Modified Graeb score")[1:4] == (5, "{score}", {})
    assert {item.site: (item.value, item.marks) for item in group.numbers if item.name == part} == {
        ("Third ventricle",): (3, TYPED | CHOSEN),
        ("Posterior Horn Lateral Ventricle", "Left"): (1, {}),
        ("Inferior Horn of Lateral Ventricle", "Right"): (1, TYPED | CHOSEN),
    }


def test_compartments_that_are_not_determined_are_left_out_unless_typed(tmp_path, a_volume):
    unknown = ModifiedGraeb.not_determined().edited({"fourth": 2})
    group = groups_of(tmp_path, a_volume, modified_graeb=unknown)["modified Graeb score"]

    assert [(item.name, item.value, item.site, item.marks) for item in group.numbers] == [
        ("Modified Graeb score", 2, (), {"Derivation": "Minimum"}),
        ("Modified Graeb score", 29, (), {"Derivation": "Maximum"}),
        ("Modified Graeb score, points of one compartment", 2, ("Fourth Ventricle",), TYPED),
    ]


def test_growth_has_each_change_both_verdicts_and_doubts(tmp_path, a_volume):
    changes = {
        "EDH": Change.between(0, 0), "IPH": Change.between(10, 14), "IVH": Change.between(0, 2),
        "total": Change.between(10, 16),
    }  # fmt: skip
    doubt = "The scans are of different patients by PatientID (0010,0020); their change means nothing."
    growth = Comparison(
        changes=changes, expansion=Verdict(met=True, definition=EXPANSION), registration=None, warnings=(doubt,),
        revised_expansion=Verdict(met=None, definition=REVISED_EXPANSION),
    )  # fmt: skip
    groups = groups_of(tmp_path, a_volume, growth=growth)

    found = {name: [item[1:3] for item in group.numbers] for name, group in groups.items() if "growth" in name}
    assert found == {
        "growth IPH": [(10, "mL"), (4, "mL"), (40, "%")],
        "growth IVH": [(0, "mL"), (2, "mL")],
        "growth total": [(10, "mL"), (6, "mL"), (60, "%")],
    }
    assert groups["growth IVH"].finding == "Intraventricular hemorrhage"
    total = groups["growth total"]
    assert {name: answer.value for name, answer in total.answers.items()} == {
        "Hematoma expansion": "Yes",
        "Hematoma expansion, revised definition": "Undetermined",
    }
    assert EXPANSION in total.remark
    assert total.remark.endswith(doubt)


def test_growth_since_a_scan_that_was_not_assessed_is_undetermined(tmp_path, a_volume):
    measured = measure(labelled(a_volume.grid), assessed=False)
    growth = Comparison.of(compare_volumes(measured, measured), None, ())
    groups = groups_of(tmp_path, a_volume, growth=growth)

    assert [name for name in groups if "growth" in name] == ["growth total"]
    total = groups["growth total"]
    assert total.numbers == []
    assert [answer.value for answer in total.answers.values()] == ["Undetermined", "Undetermined"]
    assert total.remark.startswith("The scans could not be compared (not assessed: baseline, follow-up)")


@pytest.mark.parametrize(("corrected", "answers"), [(("IPH",), ["No", "No", "No", "Yes", "No"]), ((), ["No"] * 5)])
def test_each_segment_says_whether_it_was_corrected(tmp_path, a_volume, corrected, answers):
    groups = groups_of(tmp_path, a_volume, corrected=corrected)
    assert [groups[subtype.name].answers["Segment corrected by hand"].value for subtype in Subtype] == answers


def test_where_that_is_not_known_nothing_is_said(tmp_path, a_volume):
    groups = groups_of(tmp_path, a_volume, corrected=None)
    assert all("Segment corrected by hand" not in group.answers for group in groups.values())


@pytest.mark.parametrize(("iph_ml", "large"), [(29.999, "No"), (30.0, "Yes")])
def test_the_total_says_whether_the_brain_s_blood_reaches_30_ml(tmp_path, a_volume, iph_ml, large):
    measured = measure(three_bleeds(a_volume.grid), a_volume)
    measured = measured.model_copy(update={"volumes_ml": measured.volumes_ml | {"IPH": iph_ml}})
    assert groups_of(tmp_path, a_volume, measured)["total"].answers["Intraparenchymal volume 30 mL or more"][0] == large


def test_codes_are_the_standard_s_or_of_the_declared_scheme(tmp_path, a_volume):
    measured = located(measure(three_bleeds(a_volume.grid), a_volume), LOCATIONS["all"][0])
    score = ich_score(measured, gcs=10, age_years=82)
    report = pydicom.dcmread(written(tmp_path, a_volume, three_bleeds(GRID), measured, ich_score=score))

    (declared,) = report.CodingSchemeIdentificationSequence
    assert declared.CodingSchemeDesignator == "99ICHSEG"
    assert declared.CodingSchemeName == "ICHSegmentation measurements"
    known = {(scheme, value) for scheme, names in concepts.items() for codes in names.values() for value in codes}
    # In SNOMED CT, UCUM, LOINC and RFC 5646, but not listed by name in DICOM PS3.16.
    others = {
        ("SCT", "32610002"), ("SCT", "82999001"), ("SCT", "35486000"), ("SCT", "21454007"),
        ("SCT", "274100004"), ("SCT", "23276006"), ("UCUM", "mL"), ("UCUM", "{score}"), ("LN", "9269-2"),
        ("RFC5646", "en-US"),
    }  # fmt: skip
    assert {code for code in all_codes(report) - known if code[0] != "99ICHSEG"} == others
