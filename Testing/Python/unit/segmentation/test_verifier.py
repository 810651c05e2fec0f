# SPDX-License-Identifier: Apache-2.0
"""A verifier checks lesions that the model labels IVH."""

from __future__ import annotations

import numpy as np
import pytest
from builders.companions import install_companion
from builders.errors import raises_invalid
from builders.label_maps import head_grid
from builders.simple_head import BrightRuntime, head_volume, model_entry

from ICHSegmentationLib.core.progress import Stages
from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.measurement.measure import measure
from ICHSegmentationLib.preprocessing.patch_spec import PatchSpec
from ICHSegmentationLib.segmentation.postprocessing import PostProcessing
from ICHSegmentationLib.segmentation.verifier import relabel_parenchymal
from ICHSegmentationLib.systems import build_segmenter

SHARES = {"preprocess": 0.4, "infer": 0.4, "postprocess": 0.2}
FIRST = model_entry(name="first", second_reader="second")
PATCHES = PatchSpec(size=(8, 32, 32), stride=(3, 15, 15), mirrored=False)
SECOND = model_entry(
    name="second",
    system="se_unet_3d",
    classes=("background", "IPH"),
    patches=PATCHES,
    neighbours=0,
    neighbour_distance_mm=3.0,
)


class Ventricular(BrightRuntime):
    """Calls the clot ventricular."""

    def probabilities(self, images, *, progress=None):
        result = super().probabilities(images, progress=progress)
        return result[:, [0, 1, 2, 3, Subtype.IVH, Subtype.IPH]]


class Parenchymal:
    """Tells parenchymal blood alone in patches, and sees a clot or none."""

    info = BrightRuntime.info

    def __init__(self, *, sees: bool, warnings: tuple[str, ...] = ()) -> None:
        self.patches, self._sees, self.warnings = 0, sees, warnings

    def probabilities(self, images, **_):
        self.patches += len(images)
        blood = ((images[:, 0] * 80 > 45) & self._sees).astype(np.float32)
        return np.stack([1 - blood, blood], axis=1)


@pytest.fixture
def a_verifier(monkeypatch):
    """Install a verifier that finds the clot, or one that does not."""

    def install(*, sees: bool, warnings: tuple[str, ...] = ()) -> Parenchymal:
        reader = Parenchymal(sees=sees, warnings=warnings)
        install_companion(monkeypatch, SECOND, reader)
        return reader

    return install


ANY_VOLUME = PostProcessing(max_parenchymal_ml=None)  # the clot of this head is a large one


def segment(runtime, rules=ANY_VOLUME, entry=FIRST):
    volume = head_volume(head_grid([5.0] * 33, rows=72, columns=64, spacing_mm=(2.8, 2.8)))
    segmented = build_segmenter(entry, runtime, rules).segment(volume, Stages(SHARES), force=True)
    return set(np.unique(segmented.label_map.labels)) - {0}, segmented


@pytest.mark.parametrize(("sees", "name"), [(True, Subtype.IPH), (False, Subtype.IVH)])
def test_what_the_second_model_sees_is_parenchymal(a_verifier, sees, name):
    reader = a_verifier(sees=sees)
    names, segmented = segment(Ventricular())
    assert names == {name}
    assert [box.subtype for box in segmented.boxes] == [name.name]
    assert 0 < reader.patches < 150  # those around the clot, not the whole brain's 500
    codes = [(warning.code, dict(warning.parameters)) for warning in segmented.warnings]
    assert codes == ([("segmentation.verifier_relabelled", {"name": "second"})] if sees else [])
    assert segmented.further_models == (SECOND,)


@pytest.mark.parametrize("sees", [True, False])
def test_what_its_runtime_has_to_say_is_told(a_verifier, sees):
    a_verifier(sees=sees, warnings=("OpenVINO cannot run model second.",))
    _, segmented = segment(Ventricular())
    assert segmented.warnings[0] == "OpenVINO cannot run model second."
    assert len(segmented.warnings) == 1 + sees


def test_it_is_asked_only_where_there_is_ventricular_blood_and_only_with_the_postprocessing(a_verifier):
    reader = a_verifier(sees=True)
    for call, name in (
        (segment(BrightRuntime()), Subtype.IPH),
        (segment(Ventricular(), PostProcessing.off()), Subtype.IVH),
        (segment(Ventricular(), entry=model_entry()), Subtype.IVH),
    ):
        names, segmented = call
        assert (names, segmented.further_models) == ({name}, ())
    assert reader.patches == 0


def test_a_missing_verifier_gives_a_warning(monkeypatch):
    install_companion(monkeypatch, None)
    names, segmented = segment(Ventricular())
    assert names == {Subtype.IVH}
    (warning,) = segmented.warnings
    assert (warning.code, dict(warning.parameters)) == ("segmentation.verifier_missing", {"name": "second"})
    assert segmented.further_models == ()


def test_what_is_larger_than_the_limit_stays_ventricular_and_is_not_shown(a_verifier):
    reader = a_verifier(sees=True)
    _, found = segment(Ventricular(), PostProcessing(parenchymal_fraction=None))
    whole_ml = measure(found.label_map).volumes_ml["IVH"]
    for most_ml, name in ((whole_ml + 0.01, Subtype.IPH), (whole_ml - 0.01, Subtype.IVH)):
        shown = reader.patches
        names, segmented = segment(Ventricular(), PostProcessing(max_parenchymal_ml=most_ml))
        assert names == {name}
        assert (reader.patches > shown) is (name is Subtype.IPH)
        assert segmented.further_models == ((SECOND,) if name is Subtype.IPH else ())


def test_each_piece_is_named_by_its_own_share():
    labels = np.zeros((3, 20, 20), dtype=np.uint8)
    labels[0, 2:8, 2:8], labels[0, 2:8, 12:18], labels[2, 12:18, 2:8] = Subtype.IVH, Subtype.IVH, Subtype.SAH
    parenchymal = np.zeros(labels.shape, dtype=bool)
    parenchymal[0, 2:4, 2:8] = True  # a third of the first piece
    parenchymal[0, 2:4, 12:17] = True  # less of the second
    parenchymal[2] = True
    doubted = labels == Subtype.IVH
    assert relabel_parenchymal(labels, doubted, parenchymal, 1 / 3) == 1
    assert (labels[0, 2:8, 2:8] == Subtype.IPH).all()
    assert (labels[0, 2:8, 12:18] == Subtype.IVH).all()
    assert (labels == Subtype.SAH).sum() == 36
    labels[labels == Subtype.IVH] = 0
    assert relabel_parenchymal(labels, labels == Subtype.IVH, parenchymal, 1 / 3) == 0


def test_a_model_that_names_no_ventricular_blood_has_no_verifier():
    with raises_invalid("models.verifier_classes"):
        model_entry(second_reader="second", classes=("background", "ICH"))
