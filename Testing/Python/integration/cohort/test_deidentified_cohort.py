# SPDX-License-Identifier: Apache-2.0
"""``ichseg cohort --deidentify``: the results are those of a scan without identity and face, which lies beside them."""

from __future__ import annotations

import json
import os

import nibabel
import numpy as np
import pydicom
import pytest
from builders.command import ichseg
from builders.dicom import write_series
from builders.generated_host import a_generated_host
from builders.identity import left_in, original_values, with_identity
from builders.requirements import require_module
from builders.worker_world import make_world

from ICHSegmentationLib.io.labels.nifti import write_on_grid_nifti
from ICHSegmentationLib.io.reader import read_ct

require_module("dicomanonymizer", "dicom-anonymizer")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def a_cohort(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("scans")
    volume = a_generated_host().volume
    for name in ("early", "late"):
        write_series(
            folder / "Mustermann" / name,
            volume.hu,
            volume.grid,
            series_uid=f"1.2.276.9.77.{name == 'late':d}",
            edit=with_identity,
        )
    write_on_grid_nifti(folder / "Mustermann" / "image.nii.gz", volume.hu, volume.grid)
    (folder / "list.csv").write_text(
        "path,id,baseline_of\nMustermann/early,a,b\nMustermann/late,b,\nMustermann/image.nii.gz,c,\nMustermann/none,d,\n"
    )
    output = folder / "out"
    variables = make_world(tmp_path_factory.mktemp("world")) | {"ICHSEG_CONFIG": str(folder / "settings")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        done = ichseg(
            "cohort", folder / "list.csv", "--output", output, "--workers", 1, "--deidentify", "--bids", "--review"
        )
        plain = ichseg("cohort", folder / "list.csv", "--output", output, "--workers", 1)
    return folder, output, done, plain


def test_nothing_of_the_patient_is_left_in_what_can_be_shared(a_cohort):
    folder, output, done, _ = a_cohort
    assert done.code == 1, done.err  # d does not exist
    assert sorted(path.name for path in (output / "cases").iterdir()) == ["a", "b", "c"]
    secrets = original_values((folder / "Mustermann").rglob("*.dcm")) | {str(folder)}
    shared = [path for name in ("cases", "pairs", "bids") for path in (output / name).rglob("*")]
    shared += output.glob("cohort.*")
    assert len(shared) > 60
    assert left_in(secrets, shared) == []
    # The search finds what is there, also what is packed.
    assert left_in({"Research use only", "Mustermann"}, [output / "cases/a/report.pdf"]) == ["Research use only"]
    assert "Mustermann" in left_in(secrets, [output / "plan.csv"])
    assert "Mustermann^Erika" in left_in(secrets, (folder / "Mustermann").rglob("*.dcm"))
    keys = folder / "settings" / "deidentification-keys.json"
    assert os.name != "posix" or keys.stat().st_mode & 0o777 == 0o600


def test_the_results_are_of_the_scan_beside_them(a_cohort):
    _, output, _, _ = a_cohort
    volume = a_generated_host().volume
    written = read_ct(output / "cases/a/ct")
    assert written.grid.matches(volume.grid, tolerance_mm=1e-3)
    changed = written.hu != volume.hu
    assert changed.any()
    assert written.hu[changed].max() < -900
    image = pydicom.dcmread(next((output / "cases/a/ct").iterdir()))
    segmentation = pydicom.dcmread(output / "cases/a/segmentation.dcm")
    assert segmentation.PatientID == image.PatientID
    assert segmentation.StudyInstanceUID == image.StudyInstanceUID
    assert segmentation.ReferencedSeriesSequence[0].SeriesInstanceUID == image.SeriesInstanceUID
    stored = np.asarray(nibabel.load(output / "cases/c/ct.nii.gz").dataobj)
    # The positions of the two formats differ in the last digits, and with them some voxels at 15 mm.
    counts = [int((hu > -300).sum()) for hu in (stored, written.hu, volume.hu)]
    assert counts[0] == pytest.approx(counts[1], rel=1e-3)
    assert counts[1] < 0.97 * counts[2]
    comparison = json.loads((output / "pairs/a--b/comparison.json").read_text())
    assert comparison["changes"]["total"]["change_ml"] == 0.0


def test_a_run_without_the_option_does_not_go_on_with_these_results(a_cohort):
    *_, plain = a_cohort
    assert plain.code == 2
    assert "--deidentify" in plain.err
