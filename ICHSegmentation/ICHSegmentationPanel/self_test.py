# SPDX-License-Identifier: Apache-2.0
"""Self test of the module in Slicer: button Reload and Test, or ``Slicer --testing``."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slicer

from ICHSegmentationPanel.install import Requirements
from ICHSegmentationPanel.sample_data import NODE_NAME, add_volume, generate

if TYPE_CHECKING:
    from ICHSegmentationLib.core.label_map import LabelMap

# Long enough for the first run of a model on a slow computer.
_PATIENCE_S = 300.0
_LOG = logging.getLogger(__name__)


def run_self_test(case: Any) -> None:
    """Test the installed files, publishing of a known result, and the worker with the default model.

    Parameters
    ----------
    case : ScriptedLoadableModuleTest
        Provides messages and assertions.

    Notes
    -----
    With ``--testing`` Slicer installs no Python packages; if they are missing, only the files are tested, and the
    log has a warning.
    """
    slicer.mrmlScene.Clear(0)
    case.delayDisplay("Files of the extension")
    _check_files(case)
    requirements = Requirements()
    lacking = requirements.missing()
    if lacking:
        _LOG.warning("Scene and worker are not tested: %s not installed.", ", ".join(lacking))
        return
    case.assertIsNone(requirements.problem)
    case.delayDisplay("A generated head CT, its true labels in the scene")
    simulated = generate()
    volume_node = add_volume(simulated.volume, NODE_NAME)
    _check_scene(case, volume_node, simulated.labels, simulated.volumes_ml)
    case.delayDisplay("The default model in the worker process")
    _check_worker(case, volume_node)
    slicer.mrmlScene.Clear(0)
    case.assertEqual(slicer.util.getNodesByClass("vtkMRMLSegmentationNode"), [])
    case.delayDisplay("Self test passed")


def _check_files(case: Any) -> None:
    """Check that files exist; files not listed in CMake are missing from an installed extension."""
    from ICHSegmentationLib.core.resources import resource_path

    module = Path(__file__).resolve().parents[1]
    wanted = (
        module / "Resources/UI/ICHSegmentation.ui",
        module / "Resources/Icons/ICHSegmentation.png",
        module / "Resources/requirements.txt",
        resource_path("Models", "manifest.json"),
        resource_path("Terminology", "hemorrhage.json"),
    )
    case.assertEqual([str(path) for path in wanted if not path.is_file()], [])


def _check_scene(case: Any, volume_node: Any, labels: Any, truth_ml: dict[str, float]) -> None:
    """Publish a known result, correct it, and restore it."""
    from ICHSegmentationLib import mrml
    from ICHSegmentationLib.core.label_map import LabelMap

    check = mrml.check_volume(volume_node)
    case.assertTrue(check.ok, check.reason)
    volume = mrml.volume_input(volume_node, check=check)
    node = mrml.publish(volume_node, volume, LabelMap(labels, volume.grid), name="Self test")
    case.assertTrue(mrml.is_result(node))
    case.assertEqual(mrml.source_volume(node).GetID(), volume_node.GetID())
    case.assertEqual(list(node.GetSegmentation().GetSegmentIDs()), list(truth_ml))
    _assert_same(case, mrml.segment_volumes_ml(node), truth_ml)
    largest = mrml.largest_lesion(node)
    target = "EDH" if largest.subtype == "IPH" else "IPH"
    mrml.move_lesion(node, largest.ras_mm, target)
    case.assertIn(target, mrml.changed_by_hand(node))
    mrml.restore_all(node)
    _assert_same(case, mrml.segment_volumes_ml(node), truth_ml)


def _check_worker(case: Any, volume_node: Any) -> None:
    """Segment with the default model, compare the volumes with the worker's, and cancel a second run."""
    from ICHSegmentationLib import mrml
    from ICHSegmentationPanel.process import SegmentationProcess

    volume = mrml.volume_input(volume_node)
    process = SegmentationProcess()
    results: list[Any] = []
    failures: list[Any] = []
    progress: list[float] = []

    def start() -> None:
        process.segment(
            volume,
            device="cpu",
            progress=lambda _stage, fraction: progress.append(fraction),
            finished=results.append,
            failed=failures.append,
        )

    try:
        start()
        _wait(lambda: results or failures)
        case.assertEqual([f"{failure.sentence} {failure.detail}" for failure in failures], [])
        case.assertEqual(progress, sorted(progress))
        label_map: LabelMap = results[0].segmentation.label_map
        node = mrml.publish(volume_node, volume, label_map, name="Self test")
        _assert_same(case, mrml.segment_volumes_ml(node), results[0].measurements.volumes_ml)
        start()
        process.cancel()
        _wait(lambda: failures)
        case.assertEqual([failure.kind for failure in failures], ["cancelled"])
    finally:
        process.close()


def _assert_same(case: Any, found_ml: dict[str, float], expected_ml: dict[str, float]) -> None:
    for name, volume_ml in expected_ml.items():
        case.assertAlmostEqual(found_ml[name], volume_ml, delta=max(0.001, 0.001 * volume_ml), msg=name)


def _wait(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            message = f"nothing came within {_PATIENCE_S:.0f} s"
            raise TimeoutError(message)
        slicer.app.processEvents()
        time.sleep(0.01)
