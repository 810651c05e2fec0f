# SPDX-License-Identifier: Apache-2.0
"""The face is removed, nothing inside the skull changes, and a scan that the model does not fit is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders.errors import raises
from builders.generated_host import a_generated_host

from ICHSegmentationLib.anatomy import face
from ICHSegmentationLib.anatomy.atlas_fit import AtlasFit, fit_atlas
from ICHSegmentationLib.core.errors import NotAHeadError
from ICHSegmentationLib.preprocessing.head import inside_skull
from ICHSegmentationLib.preprocessing.orientation import CanonicalOrientation

pytestmark = pytest.mark.slow


def test_voxels_inside_the_skull_and_labelled_ones_stay_and_what_is_far_outside_goes():
    volume = a_generated_host().volume
    labels = np.zeros(volume.grid.shape, dtype=np.uint8)
    labels[0, :2, :2] = 6  # far outside
    without = face.remove_face(volume, labels)

    orientation = CanonicalOrientation.of(volume.grid)
    inside = orientation.invert(inside_skull(orientation.apply(volume.hu), orientation.coordinates_mm))
    assert inside.sum() * np.prod(volume.grid.spacing_mm) > 10_000
    assert np.array_equal(without.hu[inside], volume.hu[inside])
    assert np.array_equal(without.hu[labels != 0], volume.hu[labels != 0])
    removed = without.hu != volume.hu
    assert set(np.unique(without.hu[removed])) == {face.AIR_HU}
    # A part of what shows, mostly in front of the lower half of the head.
    assert 0.05 < (removed & (volume.hu > -300)).sum() / (volume.hu > -300).sum() < 0.5
    assert without.grid is volume.grid


def test_orbits_that_were_taken_for_brain_are_noticed(monkeypatch):
    volume = a_generated_host().volume
    fit = fit_atlas(volume)
    assert isinstance(fit, AtlasFit)
    voxels = np.argwhere(np.ones_like(fit.inside))
    x, a, s = fit.coordinates(fit.orientation.source_indices(voxels * fit.stride)).T
    orbits = ((np.abs(x) < 40) & (a > 45) & (a < 75) & (s > -50) & (s < -25)).reshape(fit.inside.shape)
    assert orbits.any()
    monkeypatch.setattr(face, "fit_atlas", lambda _: replace(fit, inside=fit.inside | orbits))
    with raises(NotAHeadError, "anatomy.face_not_found") as caught:
        face.kept_without_face(volume)
    assert "orbits" in str(caught.value)


def test_the_phantom_without_a_brain_is_refused(shared_data):
    from ICHSegmentationLib.io.reader import read_ct

    with raises(NotAHeadError, "anatomy.face_not_found"):
        face.kept_without_face(read_ct(shared_data / "philips-skull-phantom"))
