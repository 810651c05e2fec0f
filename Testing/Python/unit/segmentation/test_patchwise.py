# SPDX-License-Identifier: Apache-2.0
"""What a network of patches finds comes back to the right source voxels, as parenchymal blood."""

from __future__ import annotations

import numpy as np
import pytest
from builders.errors import raises
from builders.label_maps import ellipsoid_mask, ellipsoid_ml, head_grid
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM, head_hu, head_volume, model_entry
from scipy import ndimage

from ICHSegmentationLib.core.errors import CancelledError, ModelError, NotAHeadError
from ICHSegmentationLib.core.messages import message
from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.scan.grid import SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.models import RuntimeInfo
from ICHSegmentationLib.preprocessing.patch_spec import PatchSpec
from ICHSegmentationLib.segmentation.patchwise import PatchwiseSegmenter
from ICHSegmentationLib.segmentation.postprocessing import PostProcessing
from ICHSegmentationLib.systems import build_segmenter

pytestmark = pytest.mark.slow

SHARES = {"preprocess": 0.4, "infer": 0.4, "postprocess": 0.2}
STEPS = {"1 mm": [1.0] * 160, "5 mm": [5.0] * 33, "mixed": [4.0] * 20 + [7.0] * 12}
PATCHES = PatchSpec(size=(8, 32, 32), stride=(3, 15, 15), mirrored=False)


class BrightPatches:
    """Probability of blood rises from 0 to 1 between 40 and 50 HU of the scan's channel, away from the brain's rim."""

    info = RuntimeInfo(device="cpu", backend="torch", threads=1, precision="f32")
    warnings: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.shapes: set[tuple[int, ...]] = set()
        self.patches = 0

    def probabilities(self, images, *, progress=None):  # noqa: ARG002
        self.shapes.add(images.shape[1:])
        self.patches += len(images)
        hu = images[:, 0] * 80
        rim = ndimage.binary_dilation((hu > 65) | (hu <= 0), structure=np.ones((1, 1, 9, 9), dtype=bool))
        blood = np.clip((hu - 40) / 10, 0, 1) * ~rim
        return np.stack([1 - blood, blood], axis=1).astype(np.float32)


def an_entry(**changes):
    values = {"system": "se_unet_3d", "classes": ("background", "IPH"), "patches": PATCHES}
    return model_entry(**(values | {"neighbours": 0, "neighbour_distance_mm": 3.0} | changes))


def segment(volume, runtime=None, *, progress=None, cancel=None, force=False, **entry):
    segmenter = build_segmenter(an_entry(**entry), runtime or BrightPatches())
    return segmenter.segment(volume, Stages(SHARES, progress, cancel), force=force).label_map


def dice(first, second):
    return 2 * (first & second).sum() / (first.sum() + second.sum())


@pytest.mark.parametrize("tilt_deg", [0, 20])
@pytest.mark.parametrize("steps", STEPS)
def test_a_clot_is_found_in_place_and_measured_on_tilted_and_uneven_slices(steps, tilt_deg):
    grid = head_grid(STEPS[steps], tilt_deg=tilt_deg, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    label_map = segment(head_volume(grid))
    truth = ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM)
    assert set(np.unique(label_map.labels)) == {0, Subtype.IPH}
    assert dice(label_map.labels == Subtype.IPH, truth) > 0.96
    assert measure(label_map).volumes_ml["IPH"] == pytest.approx(ellipsoid_ml(CLOT_RADII_MM), rel=0.03)


@pytest.mark.parametrize("steps", STEPS)
def test_only_a_part_is_looked_at_on_request(steps):
    grid = head_grid(STEPS[steps], tilt_deg=10, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    volume, whole = head_volume(grid), BrightPatches()
    everything = segment(volume, whole).labels > 0
    # What is found may reach to the next slice that is shown, on either side.
    part, around = (ellipsoid_mask(grid, np.add(CLOT_CENTRE_MM, (8, 0, 0)), (mm,) * 3) for mm in (12, 20))
    found, looked = {}, {}
    for name, mask in (("part", part), ("nothing", np.zeros_like(part))):
        runtime = BrightPatches()
        segmenter = PatchwiseSegmenter(an_entry(), runtime, PostProcessing.off(), within=mask)
        found[name] = segmenter.segment(volume, Stages(SHARES), force=True).label_map.labels > 0
        looked[name] = runtime.patches
    assert (found["part"] & part).sum() == pytest.approx((everything & part).sum(), rel=0.02)
    assert not (found["part"] & ~around).any()
    assert looked["part"] < whole.patches / 4
    assert not found["nothing"].any()
    assert looked["nothing"] == 0


def test_slices_in_reverse_give_the_same_labels():
    grid = head_grid(STEPS["mixed"], rows=130, columns=112, spacing_mm=(1.6, 1.6))
    reversed_grid = SliceGrid(grid.shape, grid.positions_mm[::-1], grid.orientation, grid.spacing_mm)
    labels = segment(head_volume(grid)).labels
    reversed_labels = segment(CTVolume(head_hu(grid)[::-1].copy(), reversed_grid)).labels
    np.testing.assert_array_equal(labels, reversed_labels[::-1])
    assert labels.any()


def test_a_scan_thinner_than_a_patch_is_padded():
    grid = head_grid([9.0] * 3, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    runtime = BrightPatches()
    label_map = segment(head_volume(grid), runtime, force=True)
    assert runtime.shapes == {(1, *PATCHES.size)}
    assert dice(label_map.labels == Subtype.IPH, ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM)) > 0.96


def test_the_network_is_shown_the_mirrored_side_as_well():
    grid = head_grid([5.0] * 33, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    runtime = BrightPatches()
    segment(head_volume(grid), runtime, patches=PatchSpec())
    assert runtime.shapes == {(2, 16, 32, 32)}


def test_a_volume_without_a_skull_is_refused_unless_forced():
    grid = head_grid([5.0] * 20)
    volume = CTVolume(np.full(grid.shape, 40, dtype=np.int16), grid)
    with raises(NotAHeadError, "preprocessing.not_a_head", doubt=message("preprocessing.no_skull")):
        segment(volume)
    runtime = BrightPatches()
    assert not segment(volume, runtime, force=True).labels.any()
    assert runtime.shapes == set()


def test_a_head_without_blood_gives_an_empty_label_map():
    grid = head_grid([5.0] * 33, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    hu = np.where(head_hu(grid) == 60, 30, head_hu(grid)).astype(np.int16)
    assert not segment(CTVolume(hu, grid)).labels.any()


@pytest.mark.parametrize("stage", ["preprocess", "infer"])
def test_cancelling_stops_the_run(stage):
    grid = head_grid([5.0] * 33, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    seen = []
    with pytest.raises(CancelledError):
        segment(
            head_volume(grid),
            progress=lambda name, fraction: seen.append((name, fraction)),
            cancel=lambda: bool(seen) and seen[-1][0] == stage and seen[-1][1] > 0.3,
        )
    assert seen[-1][0] == stage


def test_progress_never_falls_and_ends_at_one():
    grid = head_grid([5.0] * 33, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    fractions = []
    segment(head_volume(grid), progress=lambda _, fraction: fractions.append(fraction), patches=PatchSpec())
    assert fractions == sorted(fractions)
    assert len(set(fractions)) > 40
    assert fractions[-1] == pytest.approx(1)


def test_a_model_that_does_not_describe_its_patches_is_refused():
    with raises(ModelError, "segmentation.patches_not_described", name="bright"):
        build_segmenter(an_entry(patches=None), BrightPatches())


@pytest.mark.parametrize(("limit", "kept"), [(0.6, True), (0.85, False)])
def test_a_clot_is_kept_by_the_models_own_limit_of_certainty(limit, kept):
    """Means over patches are seldom sure: the default model's limit would drop what this one is right about."""

    class Unsure(BrightPatches):
        def probabilities(self, images, *, progress=None):
            sure = super().probabilities(images, progress=progress)
            return 0.5 + 0.5 * (sure - 0.5)  # blood has 0.75 at most

    grid = head_grid([5.0] * 33, rows=130, columns=112, spacing_mm=(1.6, 1.6))
    label_map = segment(head_volume(grid), Unsure(), least_certainty={"IPH": limit})
    assert label_map.labels.any() == kept
