# SPDX-License-Identifier: Apache-2.0
"""The report is one page with everything on it, pictures inside, and no patient data."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pypdfium2
import pytest
from builders.label_maps import labelled
from PIL import Image

from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.storage.files import write_bytes
from ICHSegmentationLib.core.subtypes import UNKNOWN_SUBTYPE, Subtype
from ICHSegmentationLib.export.comparison import Comparison, RegistrationRecord
from ICHSegmentationLib.export.record import make_record
from ICHSegmentationLib.export.report.patient import PatientData
from ICHSegmentationLib.export.report.pdf import make_report_pdf
from ICHSegmentationLib.measurement import IchScore
from ICHSegmentationLib.measurement.correction import compare_with_model
from ICHSegmentationLib.measurement.growth import EXPANSION, REVISED_EXPANSION, Change, Verdict, compare_volumes
from ICHSegmentationLib.measurement.measure import measure

pytestmark = pytest.mark.slow

SLICES, VIEW = Image.new("RGB", (1300, 990), (30, 30, 30)), Image.new("RGB", (1240, 694), (60, 60, 60))


def write_and_open(
    path, result, *, view_3d=VIEW, patient=None, growth_picture=None, **changes
) -> pypdfium2.PdfDocument:
    record = make_record(result, measure(result.label_map, result.volume)).model_copy(update=changes)
    write_bytes(
        path, make_report_pdf(record, slices=SLICES, view_3d=view_3d, patient=patient, growth_picture=growth_picture)
    )
    return pypdfium2.PdfDocument(path)


def text_of(document: pypdfium2.PdfDocument) -> str:
    return " ".join(document[0].get_textpage().get_text_bounded().split())


def test_pictures_of_growth_have_a_second_page_that_names_the_patient_if_the_first_does(tmp_path, a_result):
    red = Image.new("RGB", (999, 1342), (200, 0, 0))
    document = write_and_open(
        tmp_path / "report.pdf", a_result, growth_picture=red, patient=PatientData(name="Doe, Jane")
    )
    second = document[1]
    text = second.get_textpage().get_text_bounded()

    assert len(document) == 2
    assert second.get_size() == document[0].get_size()
    assert "Change since the earlier scan" in text
    assert "RESEARCH USE ONLY" in text
    assert "Doe, Jane" in text
    pixels = np.asarray(second.render(scale=1).to_pil().convert("RGB"))
    area = (pixels == (200, 0, 0)).all(axis=-1).mean()
    assert area == pytest.approx(515.28 * 515.28 * 1342 / 999 / (595.28 * 841.89), abs=0.02)


def test_one_a4_page_says_what_was_measured_and_how(tmp_path, a_result):
    document = write_and_open(tmp_path / "report.pdf", a_result)
    text = text_of(document)
    measured = measure(a_result.label_map, a_result.volume)
    volumes, abc2 = measured.volumes_ml, measured.lesions[0].abc2

    assert len(document) == 1
    assert document[0].get_size() == pytest.approx((595.28, 841.89), abs=0.1)
    assert "Intracranial hemorrhage - segmentation report" in text
    assert "RESEARCH USE ONLY" in text
    assert f"IPH Intraparenchymal hemorrhage {volumes['IPH']:.1f} mL {abc2.volume_ml:.1f} mL 1" in text
    assert "EDH Epidural hemorrhage 0.0 mL - -" in text
    assert f"Total {volumes['total']:.1f} mL - 2" in text
    assert "gantry tilt 18.5 deg; step 4.00 / 7.00 mm" in text
    assert "model bright (transhardnet, compact), licence Apache-2.0" in text
    assert "c0ffee" + "0" * 58 in text.replace(" ", "")
    assert "The slices are tilted. No graphics card was found." in text
    assert "Largest lesion: intraparenchymal hemorrhage" in text
    assert "By hand Corrected by hand: nothing." in text
    assert text.endswith("Read by Date Signature")
    assert "Patient" not in text
    assert f"longest diameter {measured.lesions[0].longest_diameter_mm:.0f} mm, 60 HU (SD 0)." in text
    sides = f"{abc2.a_mm:.0f} x {abc2.b_mm:.0f} x {abc2.c_mm:.0f} mm / 2"
    assert f"(ABC/2): {sides} = {abc2.volume_ml:.1f} mL" in text


def test_columns_of_the_table_stay_apart(tmp_path, a_result):
    measured = measure(a_result.label_map, a_result.volume)
    volumes_ml = measured.volumes_ml | {"IPH": 188.8, "total": 288.8}
    document = write_and_open(tmp_path / "report.pdf", a_result, volumes_ml=volumes_ml, abc2_ml={"IPH": 188.8})
    page = document[0].get_textpage()
    words = ("Intraparenchymal hemorrhage", "188.8 mL", "188.8 mL")
    start, edges = 0, []
    for word in words:
        start, count = page.search(word, index=start).get_next()
        edges.append((page.get_charbox(start)[0], page.get_charbox(start + count - 1)[2]))
        start += count

    (_, name_ends), (volume_starts, volume_ends), (abc2_starts, _) = edges
    assert volume_starts - name_ends > 4
    assert abc2_starts - volume_ends > 6


def test_the_clot_inside_the_brain_explains_abc2_before_a_larger_one_outside(tmp_path, a_result):
    labels = a_result.label_map.labels.copy()
    labels[10:14, 20:90, 60:90] = Subtype.SDH
    outside = replace(a_result, label_map=replace(a_result.label_map, labels=labels))
    text = text_of(write_and_open(tmp_path / "report.pdf", outside))

    assert "Largest lesion: subdural hemorrhage" in text
    assert "Largest intraparenchymal hemorrhage (ABC/2)" in text


def test_both_pictures_are_inside_at_full_resolution_with_notes_below(tmp_path, a_result):
    document = write_and_open(tmp_path / "report.pdf", a_result)
    images = [item for item in document[0].get_objects() if item.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]

    # Without the strips for legend and notes, which would be too small on the page.
    assert sorted(image.get_px_size() for image in images) == [(1240, 570), (1300, 896)]
    text = text_of(document)
    assert "From the front and the patient's left From the patient's right" in text
    assert "Window 0 to 80 HU. Slices are numbered as in the input. Thin lines: diameters of ABC/2" in text
    for image in images:
        left, bottom, right, top = image.get_bounds()
        assert left >= 39
        assert right <= 595.3 - 39
        assert bottom >= 40
        assert (right - left) / (top - bottom) == pytest.approx(
            image.get_px_size()[0] / image.get_px_size()[1], rel=0.01
        )


def test_without_a_3d_view_the_report_says_so(tmp_path, a_result):
    document = write_and_open(tmp_path / "report.pdf", a_result, view_3d=None)
    assert "this computer cannot render in 3D" in text_of(document)


def test_no_blood_is_stated(tmp_path, a_result):
    empty = replace(a_result, label_map=labelled(a_result.volume.grid))
    assert "Finding No hemorrhage found." in text_of(write_and_open(tmp_path / "report.pdf", empty))


def test_it_is_said_when_nobody_knows_what_was_corrected(tmp_path, a_result):
    text = text_of(write_and_open(tmp_path / "report.pdf", a_result, corrected=None))
    assert "By hand Corrected by hand: not known." in text


def test_a_tall_picture_leaves_room_for_every_word(tmp_path, a_result, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "SLICES", Image.new("RGB", (1000, 1400), (30, 30, 30)))
    warnings = tuple(f"Warning number {number} is a sentence of some length, as they all are." for number in range(12))
    text = text_of(write_and_open(tmp_path / "report.pdf", replace(a_result, warnings=warnings)))
    assert "Warning number 11" in text
    assert "more in measurements.json" not in text


def test_score_growth_and_correction_stand_where_they_are_given(tmp_path, a_result):
    score = IchScore(gcs=10, age_years=82, iph_ml=34.0, ivh=True, infratentorial=False)
    changes = {"IPH": Change.between(10, 14), "IVH": Change.between(0, 2), "total": Change.between(10, 16)}
    growth = Comparison(
        changes=changes,
        expansion=Verdict(met=True, definition=EXPANSION),
        revised_expansion=Verdict(met=True, definition=REVISED_EXPANSION),
        registration=RegistrationRecord(quality=0.95, shared=1, is_good=True, rotation_deg=1, matrix_lps=()),
        warnings=("The scans are of different patients by PatientID (0010,0020); their change means nothing.",),
    )
    agreement = compare_with_model(a_result.label_map, labelled(a_result.volume.grid), editing_s=120)
    path = tmp_path / "report.pdf"
    given = {"ich_score": score, "growth": growth, "agreement": agreement, "patient": PatientData(name="A " * 90)}
    text = text_of(write_and_open(path, a_result, **given))

    assert "ICH score (spontaneous ICH only; Hemphill 2001): 4; published 30-day mortality 97 %; GCS 10 (1)," in text
    assert "IPH 10.0 -> 14.0 mL (+40 %), IVH 0.0 -> 2.0 mL (per cent not defined)" in text
    assert "Expansion: yes (intraparenchymal volume grew by at least 33 % or at least 6 mL" in text
    assert "Registration: good, correlation 0.95 on 100% of the head. The scans are of different patients" in text
    assert "Corrected labels against the model's: IPH: Dice 0.00" in text
    assert "in 2.0 min of editing." in text
    assert "c0ffee" + "0" * 58 in text.replace(" ", "")
    assert "more in measurements.json" not in text


def test_a_scan_that_was_not_assessed_says_so_above_its_volumes(tmp_path, a_result):
    text = text_of(write_and_open(tmp_path / "report.pdf", replace(a_result, assessed=False)))
    notice = "Not assessed: see the warnings. Blood that is not outlined may be there."
    assert notice in text[: text.index("Subtype")]
    assert notice not in text_of(write_and_open(tmp_path / "report.pdf", a_result))


def test_a_scan_that_was_not_assessed_has_no_volume_of_0_ml(tmp_path, a_result):
    assert "Subdural hemorrhage 0.0 mL" in text_of(write_and_open(tmp_path / "assessed.pdf", a_result))
    text = text_of(write_and_open(tmp_path / "report.pdf", a_result, assessed=False))
    assert "Subdural hemorrhage -" in text
    assert "Not assessed: see the warnings." in text.partition("Window")[0]


def test_growth_since_a_scan_that_was_not_assessed_is_called_unknown(tmp_path, a_result):
    nothing = measure(labelled(a_result.volume.grid), assessed=False)
    growth = Comparison.of(compare_volumes(nothing, nothing), None, ("Doubt.",))
    text = text_of(write_and_open(tmp_path / "report.pdf", a_result, growth=growth))
    assert (
        "The scans could not be compared (not assessed: baseline, follow-up): blood that is not outlined may be there. "
        "Doubt."
    ) in text
    assert "no hemorrhage on either scan" not in text
    assert "Expansion" not in text


def test_patient_data_stand_there_only_when_given(tmp_path, a_result):
    patient = PatientData(name="Müller, Eva", patient_id="4711", birth_date="1951-03-12", study_date="2020-01-01")
    text = text_of(write_and_open(tmp_path / "report.pdf", a_result, patient=patient))
    assert "Patient: Müller, Eva | ID 4711 | born 1951-03-12 | study of 2020-01-01" in text


def test_many_warnings_stay_on_the_page(tmp_path, a_result):
    warnings = tuple(f"Warning number {number} is a sentence of some length, as they all are." for number in range(200))
    document = write_and_open(tmp_path / "report.pdf", replace(a_result, warnings=warnings))
    page = document[0].get_textpage()

    assert len(document) == 1
    assert "... more in measurements.json" in text_of(document)
    lowest = min(page.get_rect(index)[1] for index in range(page.count_rects()))
    assert lowest >= 25


def test_equal_results_give_equal_files_without_dates(tmp_path, a_result):
    write_and_open(tmp_path / "a.pdf", a_result)
    write_and_open(tmp_path / "b.pdf", a_result)

    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    assert pypdfium2.PdfDocument(tmp_path / "a.pdf").get_metadata_value("CreationDate").startswith("D:2000")


def test_a_long_name_does_not_run_into_the_volume(tmp_path, a_result):
    labels = np.where(a_result.label_map.labels > 0, np.uint8(UNKNOWN_SUBTYPE), np.uint8(0))
    result = replace(a_result, label_map=LabelMap(labels, a_result.label_map.grid))
    document = write_and_open(tmp_path / "report.pdf", result)
    page = document[0].get_textpage()
    volume = f"{measure(result.label_map).volumes_ml['ICH']:.1f} mL"
    edges = [
        page.get_charbox(page.search(text).get_next()[0] + offset)
        for text, offset in (("(subtype not given)", len("(subtype not given)") - 1), (volume, 0))
    ]
    assert edges[0][2] < edges[1][0] - 2
    assert "Intracranial hemorrhage (subtype not given)" in text_of(document)
