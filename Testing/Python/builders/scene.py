# SPDX-License-Identifier: Apache-2.0
"""A MRML scene with volumes as Slicer's DICOM import creates them.

``slicer`` is imported inside functions, because other tests must not load it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from builders.label_maps import ellipsoid_mask, head_grid, labelled
from builders.simple_head import CLOT_CENTRE_MM, CLOT_RADII_MM, head_hu
from ICHSegmentationLib.core.label_map import LabelMap
from ICHSegmentationLib.core.scan.grid import LPS_TO_RAS, SliceGrid
from ICHSegmentationLib.core.scan.volume import CTVolume
from ICHSegmentationLib.core.subtypes import Subtype

Node = Any


SDH_CENTRE_MM = (-30.0, 20.0, 0.0)


@dataclass
class Published:
    """Scene with a head and a published result: a clot (IPH) and a smaller SDH."""

    scene: Node
    volume_node: Node
    volume: CTVolume
    label_map: LabelMap
    node: Node

    @property
    def iph_ras(self) -> tuple[float, float, float]:
        """Return the centre of the clot, RAS mm."""
        return tuple((np.array(CLOT_CENTRE_MM) * LPS_TO_RAS).tolist())

    @property
    def sdh_ras(self) -> tuple[float, float, float]:
        """Return the centre of the SDH, RAS mm."""
        return tuple((np.array(SDH_CENTRE_MM) * LPS_TO_RAS).tolist())


def tilted_grid() -> SliceGrid:
    """Return a coarse stack with gantry tilt and two steps, as in the GE series of the development data."""
    return head_grid([4.22] * 10 + [7.38] * 9, tilt_deg=18.5, rows=64, columns=60, spacing_mm=(2.5, 2.7))


def head_labels(grid: SliceGrid) -> LabelMap:
    """Return the labels of the head's clot and an SDH."""
    clot = ellipsoid_mask(grid, CLOT_CENTRE_MM, CLOT_RADII_MM)
    rim = ellipsoid_mask(grid, SDH_CENTRE_MM, (12, 15, 14))
    return labelled(grid, (Subtype.IPH, clot), (Subtype.SDH, rim))


def publish_head(*, acquisition: bool = True, **options: Any) -> Published:
    """Publish a tilted head and its result in a new scene; ``options`` are passed to ``publish``."""
    from ICHSegmentationLib import mrml

    grid, scene = tilted_grid(), new_scene()
    volume_node = add_volume(scene, head_hu(grid), grid.nearest_affine_ras)
    place_in_study(volume_node)
    if acquisition:
        add_acquisition_transform(volume_node, grid)
    volume = mrml.volume_input(volume_node)
    label_map = LabelMap(head_labels(grid).labels, volume.grid)
    node = mrml.publish(volume_node, volume, label_map, **({"name": "Hemorrhage"} | options))
    return Published(scene, volume_node, volume, label_map, node)


class DicomDatabase:
    """Stand-in for ``slicer.dicomDatabase``: files by SOP Instance UID."""

    def __init__(self, files: dict[str, Path]) -> None:
        self.files = files

    def fileForInstance(self, uid: str) -> str:
        return str(self.files.get(uid, ""))


def new_scene() -> Node:
    """Return a scene with a subject hierarchy and the conversions that Slicer's segmentations module registers."""
    import slicer

    scene = slicer.vtkMRMLScene()
    slicer.vtkSlicerSegmentationsModuleLogic().SetMRMLScene(scene)
    slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    return scene


def save_and_reopen(scene: Node, folder: Path) -> Node:
    """Save a scene as Slicer's bundle and return what a new scene reads from it."""
    import slicer

    path = folder / "scene.mrb"
    assert scene.WriteToMRB(str(path))
    opened = new_scene()
    # A bundle is unpacked in the cache folder, which the data IO logic sets.
    remote = slicer.vtkMRMLRemoteIOLogic()
    remote.SetMRMLScene(opened)
    remote.GetCacheManager().SetRemoteCacheDirectory(str(folder))
    remote.AddDataIOToScene()
    assert opened.ReadFromMRB(str(path))
    remote.RemoveDataIOFromScene()
    return opened


def add_volume(scene: Node, hu: np.ndarray, ijk_to_ras: np.ndarray, name: str = "CT head") -> Node:
    """Add a volume of an array (k, j, i)."""
    import slicer
    from vtk.util.numpy_support import numpy_to_vtk

    image = slicer.vtkOrientedImageData()
    image.SetDimensions(*reversed(hu.shape))
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(hu).ravel(), deep=True))
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(np.asarray(ijk_to_ras, dtype=float)))
    node.SetAndObserveImageData(image)
    return node


def add_transform(scene: Node, matrix: np.ndarray) -> Node:
    """Add a linear transform."""
    import slicer

    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(np.asarray(matrix, dtype=float)))
    return node


def add_acquisition_transform(volume_node: Node, grid: SliceGrid) -> Node:
    """Put a volume under the acquisition transform that Slicer's DICOM import creates from the slice positions.

    The rule (Slicer's ``DICOMScalarVolumePlugin``, user guide "Image is stretched or compressed along one axis"): a
    displacement grid in the volume's own axes with a node at each corner of each slice, the corner being one whole
    image away from the first pixel; each corner is displaced from where the matrix has it to where DICOM has it.
    """
    import slicer
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    columns, rows, slices = volume_node.GetImageData().GetDimensions()
    matrix, directions = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    volume_node.GetIJKToRASMatrix(matrix)
    volume_node.GetIJKToRASDirectionMatrix(directions)
    ijk_to_ras = slicer.util.arrayFromVTKMatrix(matrix)
    corners = np.array([(c * columns, r * rows, k) for k in range(slices) for r in (0, 1) for c in (0, 1)], float)
    has = corners @ ijk_to_ras[:3, :3].T + ijk_to_ras[:3, 3]
    wants = grid.points_mm(corners[:, ::-1]) * LPS_TO_RAS
    image = vtk.vtkImageData()
    image.SetOrigin(volume_node.GetOrigin())
    image.SetDimensions(2, 2, slices)
    spacing = volume_node.GetSpacing()
    image.SetSpacing(spacing[0] * columns, spacing[1] * rows, spacing[2])
    image.GetPointData().SetScalars(numpy_to_vtk(wants - has, deep=True))
    transform = slicer.vtkOrientedGridTransform()
    transform.SetGridDirectionMatrix(directions)
    transform.SetDisplacementGridData(image)
    node = volume_node.GetScene().AddNewNodeByClass("vtkMRMLGridTransformNode", "CT head acquisition transform")
    node.SetAndObserveTransformToParent(transform)
    volume_node.SetAndObserveTransformNodeID(node.GetID())
    return node


def load_dicom(
    scene: Node, files: Sequence[Path], name: str = "CT head", *, logic: Any = None
) -> tuple[Node, DicomDatabase]:
    """Load a series with Slicer's reader; return the volume and the database with its files.

    ``logic`` is the logic of Slicer's Volumes module, if there is one.
    """
    import pydicom
    import slicer
    import vtk

    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in files]
    normal = np.cross(*np.reshape(np.array(headers[0].ImageOrientationPatient, float), (2, 3)))
    order = np.argsort([np.array(header.ImagePositionPatient, float) @ normal for header in headers])
    names = vtk.vtkStringArray()
    for index in order:
        names.InsertNextValue(str(files[index]))
    if logic is None:
        logic = slicer.vtkSlicerVolumesLogic()
        logic.SetMRMLScene(scene)
    node = logic.AddArchetypeScalarVolume(str(files[order[0]]), name, 0, names)
    uids = [str(headers[index].SOPInstanceUID) for index in order]
    node.SetAttribute("DICOM.instanceUIDs", " ".join(uids))
    return node, DicomDatabase({uid: Path(files[index]) for uid, index in zip(uids, order, strict=True)})


def place_in_study(node: Node) -> int:
    """Add a node as a CT series to a study in the subject hierarchy; return the study's item."""
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Patient")
    study = hierarchy.CreateStudyItem(patient, "Study")
    item = hierarchy.CreateItem(study, node)
    constants = slicer.vtkMRMLSubjectHierarchyConstants
    hierarchy.SetItemAttribute(item, constants.GetDICOMSeriesModalityAttributeName(), "CT")
    return study
