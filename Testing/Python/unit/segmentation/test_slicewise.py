# SPDX-License-Identifier: Apache-2.0
"""Whatever is resampled, cropped and flipped for the network comes back to the right source voxels."""

import nibabel
import numpy as np
import pytest
from builders.affine_files import AXIS_ORDERS, in_axis_order, write_nifti
from builders.errors import raises
from builders.label_maps import ellipsoid_mask, ellipsoid_ml, head_grid
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM, BrightRuntime, head_hu, head_volume, model_entry

from ICHSegmentationLib.core.errors import CancelledError, NotAHeadError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.io.labels.nifti import write_labels_nifti
from ICHSegmentationLib.io.reader import read_ct
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.systems import build_segmenter

pytestmark = pytest.mark.slow

SHARES = {"preprocess": 0.4, "infer": 0.4, "postprocess": 0.2}
STEPS = {"1 mm": [1.0] * 160, "5 mm": [5.0] * 33, "mixed": [4.0] * 20 + [7.0] * 12}


def segment(volume, runtime=None, *, progress=None, cancel=None, force=False, **entry):
    segmenter = build_segmenter(model_entry(**entry), runtime or BrightRuntime())
    return segmenter.segment(volume, Stages(SHARES, progress, cancel), force=force).label_map


def dice(first, second):
    return 2 * (first & second).sum() / (first.sum() + second.sum())


@pytest.mark.parametrize("oblique_deg", [(0, 0, 0), (12, -8, 20)])
@pytest.mark.parametrize("tilt_deg", [0, 10, 20])
@pytest.mark.parametrize("steps", STEPS)
def test_a_clot_of_known_volume_is_found_in_place_and_measured(steps, tilt_deg, oblique_deg):
    grid = head_grid(
        STEPS[steps], tilt_deg=tilt_deg, oblique_deg=oblique_deg, rows=130, columns=112, spacing_mm=(1.6, 1.6)
    )
    label_map = segment(head_volume(grid))
    truth = ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM)
    assert dice(label_map.labels == Subtype.IPH, truth) > 0.96
    volumes_ml = measure(label_map).volumes_ml
    # The mask of thick slices is itself up to 2 % off the ellipsoid.
    assert volumes_ml["IPH"] == pytest.approx(ellipsoid_ml(CLOT_RADII_MM), rel=0.03)
    assert volumes_ml["total"] == volumes_ml["IPH"]


@pytest.mark.parametrize(("order", "flips"), AXIS_ORDERS)
def test_every_axis_order_gives_the_clot_on_the_files_own_grid(tmp_path, order, flips):
    grid = head_grid([5.0] * 33, oblique_deg=(6, -4, 9), rows=72, columns=64, spacing_mm=(2.8, 2.8))
    stored, affine = in_axis_order(head_hu(grid), grid.affine_ras, order, flips)
    volume = read_ct(write_nifti(tmp_path / "ct.nii.gz", stored, affine))
    label_map = segment(volume, pixel_mm=2.8, size_px=128)
    write_labels_nifti(tmp_path / "labels.nii.gz", label_map, volume.source)
    written = nibabel.load(tmp_path / "labels.nii.gz")
    truth, _ = in_axis_order(ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM), grid.affine_ras, order, flips)
    np.testing.assert_allclose(written.affine, affine, atol=1e-4)
    assert dice(np.asarray(written.dataobj) == Subtype.IPH, truth) > 0.95


def test_a_head_in_windowed_greys_is_told_by_its_skull_and_the_clot_is_found(tmp_path):
    grid = head_grid([5.0] * 33, rows=72, columns=64, spacing_mm=(2.8, 2.8))
    greys = np.clip(np.rint(head_hu(grid) * (255 / 80)), 0, 255).astype(np.uint8)
    path = write_nifti(tmp_path / "greys.nii.gz", greys.transpose(2, 1, 0), grid.affine_ras)
    label_map = segment(read_ct(path, grey_window=(0, 80)), pixel_mm=2.8, size_px=128)
    assert dice(label_map.labels == Subtype.IPH, ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM)) > 0.95


def test_the_network_sees_the_head_upright_whatever_the_order_of_the_slices():
    grid = head_grid([5.0] * 33, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    reversed_grid = SliceGrid(grid.shape, grid.positions_mm[::-1], grid.orientation, grid.spacing_mm)
    first, second = BrightRuntime(), BrightRuntime()
    labels = segment(head_volume(grid), first).labels
    reversed_labels = segment(CTVolume(head_hu(grid)[::-1].copy(), reversed_grid), second).labels
    np.testing.assert_allclose(first.images, second.images, atol=1e-6)
    np.testing.assert_array_equal(labels, reversed_labels[::-1])


def test_slices_without_brain_are_not_shown_to_the_network():
    grid = head_grid([5.0] * 47, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    runtime = BrightRuntime()
    segment(head_volume(grid), runtime)
    # The inside of the skull is 140 mm high, and one slice is added at each end.
    assert 27 <= len(runtime.images) <= 30


def test_a_volume_without_a_skull_is_refused_unless_forced():
    grid = head_grid([5.0] * 20)
    volume = CTVolume(np.full(grid.shape, 40, dtype=np.int16), grid)
    with raises(NotAHeadError, "preprocessing.not_a_head", doubt=message("preprocessing.no_skull")):
        segment(volume)
    assert not segment(volume, force=True).labels.any()


def test_a_head_that_the_image_cuts_off_is_said():
    grid = head_grid([5.0] * 33, rows=70, columns=60, spacing_mm=(1.6, 1.6))
    segmenter = build_segmenter(model_entry(), BrightRuntime())
    segmented = segmenter.segment(head_volume(grid), Stages(SHARES), force=True)
    assert segmented.warnings == (message("preprocessing.cut_off"),)


def test_a_head_without_blood_gives_an_empty_label_map():
    grid = head_grid([5.0] * 33, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    hu = np.where(head_hu(grid) == 60, 30, head_hu(grid)).astype(np.int16)
    assert not segment(CTVolume(hu, grid)).labels.any()


def test_cancelling_during_inference_stops_the_run():
    grid = head_grid([5.0] * 33, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    seen = []
    with pytest.raises(CancelledError):
        segment(
            head_volume(grid),
            progress=lambda stage, fraction: seen.append((stage, fraction)),
            cancel=lambda: bool(seen) and seen[-1][0] == "infer" and seen[-1][1] > 0.5,
        )
    assert seen[-1][0] == "infer"


def test_progress_never_falls_and_ends_at_one():
    grid = head_grid([5.0] * 33, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    fractions = []
    segment(head_volume(grid), progress=lambda _, fraction: fractions.append(fraction))
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert fractions[-1] == pytest.approx(1)
