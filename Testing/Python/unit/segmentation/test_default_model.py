# SPDX-License-Identifier: Apache-2.0
"""The shipped weights on real scans that they were not trained on."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ICHSegmentationLib import read_ct, run, segment, write_results
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.preprocessing.head import intracranial_mask
from ICHSegmentationLib.research.training.data.clot import derive_clot
from ICHSegmentationLib.research.training.datasets.phe_sich import SPACING_MM, read_case

pytestmark = pytest.mark.slow

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def a_clean_head(shared_data):
    """The GE series, in which no acute bleed was seen."""
    return run(read_ct(shared_data / "ge-head-ct"))


def test_a_head_without_acute_bleed_is_left_almost_clean(a_clean_head):
    assert a_clean_head.measurements.volumes_ml["total"] <= 0.5


def test_the_record_of_the_tilted_uneven_series_states_its_geometry(a_clean_head, tmp_path):
    written = write_results(a_clean_head, tmp_path).outputs
    record = json.loads(written["measurements.json"].read_text(encoding="utf-8"))
    assert record["geometry"] == {
        "tilt_deg": 18.5,
        "step_mm": [4.22, 7.38],
        "slice_distance_mm": [4.0, 7.0],
        "spacing_mm": [0.4883, 0.4883],
    }
    assert record["input"]["kind"] == "dicom"
    assert record["input"]["slices"] == 28
    assert {"segmentation.dcm", "labels.json", "report.pdf"} <= written.keys()


@pytest.mark.parametrize("name", ["0015", "0068", "0078"])
def test_an_obvious_clot_of_a_held_out_patient_is_found(shared_data, name):
    case = read_case(shared_data / "phe-sich", name)
    inside = intracranial_mask(case.hu, SPACING_MM[1:])
    clot = derive_clot(np.clip(case.hu, 0, 80), case.edema, inside, SPACING_MM)
    found = segment(CTVolume(case.hu, case.grid)).label_map.labels == Subtype.IPH
    assert clot.sum() * np.prod(SPACING_MM) / 1000 > 5
    assert 2 * (clot & found).sum() / (clot.sum() + found.sum()) > 0.85
