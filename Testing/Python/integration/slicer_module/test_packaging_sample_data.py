# SPDX-License-Identifier: Apache-2.0
"""The demo in Slicer's module Sample Data."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import slicer
import vtk
from builders.cmake_lists import REPOSITORY
from PIL import Image


class RecordingLogic:
    """SampleData.SampleDataLogic of Slicer 5.12, as far as registering goes: same names and order of parameters."""

    categories: dict[str, str]
    sources: list[dict]
    rules: dict[str, Callable[[str], str]]

    @staticmethod
    def registerCustomSampleDataCategory(category, title):
        RecordingLogic.categories[category] = title

    @staticmethod
    def registerCustomSampleDataSource(
        category="Custom",
        sampleName=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        customDownloader=None,
        thumbnailFileName=None,
        loadFileTypes=None,
        loadFiles=None,
        loadFileProperties=None,
        checksums=None,
        loadFileType=None,
    ):
        RecordingLogic.sources.append(dict(locals()))

    @staticmethod
    def registerUrlRewriteRule(name, rewriteFunction):
        RecordingLogic.rules[name] = rewriteFunction


@pytest.fixture(autouse=True)
def the_panel_can_be_imported(slicer_app, monkeypatch):  # noqa: ARG001
    monkeypatch.syspath_prepend(str(REPOSITORY / "ICHSegmentation"))


@pytest.fixture
def sample_data_module(monkeypatch):
    RecordingLogic.categories, RecordingLogic.sources, RecordingLogic.rules = {}, [], {}
    module = types.ModuleType("SampleData")
    module.SampleDataLogic = RecordingLogic
    monkeypatch.setitem(sys.modules, "SampleData", module)
    return RecordingLogic


def test_the_demo_is_registered_with_a_thumbnail_of_slicers_size(sample_data_module):
    from ICHSegmentationPanel import sample_data

    sample_data.register()
    assert sample_data_module.categories == {"ICHSegmentation": "ICH Segmentation"}
    (source,) = sample_data_module.sources
    assert source["category"] == "ICHSegmentation"
    assert source["sampleName"] == source["nodeNames"] == "ICHDemoHeadCT"
    # Text, not lists: then Slicer makes lists of equal length of all of them.
    assert isinstance(source["uris"], str)
    assert isinstance(source["fileNames"], str)
    # Slicer calls it with the source, and with nothing else.
    inspect.signature(source["customDownloader"]).bind(object())
    assert Image.open(Path(source["thumbnailFileName"])).size == (260, 280)


def test_a_slicer_without_sample_data_starts_all_the_same(monkeypatch):
    from ICHSegmentationPanel import sample_data

    monkeypatch.setitem(sys.modules, "SampleData", None)
    sample_data.register()


AFFINE_RAS = np.array([[-0.8, 0, 0, 102], [0, -0.8, 0, 96], [0, 0, 5, -77.5], [0, 0, 0, 1.0]])
HU = np.arange(240, dtype=np.int16).reshape(8, 10, 3) - 100


@pytest.fixture
def asked(monkeypatch):
    """Generate a small sample instead of the head; return what was asked for."""
    from ICHSegmentationLib.core.scan.grid import SliceGrid
    from ICHSegmentationLib.core.scan.volume import CTVolume
    from ICHSegmentationLib.research.simulation import simulate

    grid = SliceGrid.from_affine(AFFINE_RAS, (8, 10, 3))
    found = []

    def drawn(seed, *, subtypes):
        found.append((seed, set(subtypes)))
        return types.SimpleNamespace(volume=CTVolume(HU, grid), volumes_ml={"SDH": 4.44, "IPH": 5.33})

    monkeypatch.setattr(simulate, "simulated_ct", drawn)
    return found


def assert_is_the_sample(node):
    assert np.array_equal(slicer.util.arrayFromVolume(node), HU)
    ijk_to_ras = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(ijk_to_ras)
    assert slicer.util.arrayFromVTKMatrix(ijk_to_ras) == pytest.approx(AFFINE_RAS)


def test_the_sample_is_in_the_cache_when_a_script_downloads_it(sample_data_module, asked):
    """As SampleDataLogic.downloadFile does: rewrite the address, then look for the file in the cache."""
    from ICHSegmentationPanel import sample_data

    sample_data.register()
    (source,) = sample_data_module.sources
    (rule,) = sample_data_module.rules.values()
    assert rule("https://example.org/CT.nrrd") == "https://example.org/CT.nrrd"
    assert asked == []
    assert rule(source["uris"]) == source["uris"]
    path = Path(slicer.mrmlScene.GetCacheManager().GetRemoteCacheDirectory()) / source["fileNames"]
    assert_is_the_sample(slicer.util.loadVolume(str(path)))


def test_the_demo_is_a_ct_with_its_truth_beside_it(asked):
    from ICHSegmentationPanel import sample_data

    from ICHSegmentationLib.core.subtypes import Subtype

    node = sample_data.load_demo()
    assert asked == [(1, set(Subtype))]
    assert_is_the_sample(node)
    assert (node.GetDisplayNode().GetLevel(), node.GetDisplayNode().GetWindow()) == (40, 80)
    assert node.GetDescription().endswith("True volumes in mL: SDH 4.4, IPH 5.3")
    assert sample_data.load_demo().GetName() != node.GetName()
