# SPDX-License-Identifier: Apache-2.0
"""Anatomy of a host scan for simulated lesions, from thresholds and a registered atlas."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from ICHSegmentationLib.preprocessing.midsagittal import find_midsagittal_plane
from ICHSegmentationLib.research.simulation.anatomy import Anatomy, DeepRegion

_BONE_HU = 250
_CSF_BELOW_BRAIN_HU = 9.0
_SMOOTHING_MM = 0.7
_VENTRICLE_REACH_MM = 9.0  # atrophy and hydrocephalus widen ventricles beyond those of the atlas
_LOW_VENTRICLE_REACH_MM = 3.0  # cisterns lie beside the third and fourth ventricle
_VENTRICLE_DEPTH_MM = 15.0  # from the skull; sulci do not reach this deep
_REGISTRATION_MM = (4.0, 3.0, 3.0)
_BRIGHTEST_HU = 80.0
_FLUID_WEIGHT = 2.0  # of ventricles relative to the rest of the head
_FLUID_SEARCH_MM = 12.0  # from the ventricles of the first registration; fluid farther away is no ventricle
_BRAIN_REACH_MM = 10.0  # from the registered brain; soft tissue beyond it is face or neck
_VENTRICLE_NAME = "Ventricle"
# Parts of the region names of the atlas, by location of parenchymal lesions.
_DEEP_NAMES = {
    "BasalGanglia": DeepRegion.BASAL_GANGLIA,
    "Basalganglia": DeepRegion.BASAL_GANGLIA,
    "Caudate": DeepRegion.BASAL_GANGLIA,
    "Thalamus": DeepRegion.THALAMUS,
    "Lobe": DeepRegion.LOBAR_WHITE_MATTER,
    "Cerebellum": DeepRegion.CEREBELLUM,
    "BrainStem": DeepRegion.PONS,
}


@dataclass(frozen=True, eq=False)
class Atlas:
    """A labelled head in template space.

    Attributes
    ----------
    mask, regions : SimpleITK.Image
        Inside of the skull (float) and region numbers (uint8), on one grid.
    ventricle : int
        Region number of the ventricles.
    deep : dict
        `DeepRegion` of each region number that has one.
    """

    mask: sitk.Image
    regions: sitk.Image
    ventricle: int
    deep: dict[int, DeepRegion]

    @classmethod
    def read(cls, folder: Path) -> Atlas:
        """Read ``ct_template_mask``, ``atlas_template_space`` and ``atlas_labels`` of a folder."""
        with (folder / "atlas_labels.csv").open(newline="") as file:
            names = {int(row["ROIIndex"]): row["ROIName"] for row in csv.DictReader(file)}
        deep = {
            number: region for number, name in names.items() for part, region in _DEEP_NAMES.items() if part in name
        }
        ventricle = next(number for number, name in names.items() if name == _VENTRICLE_NAME)
        regions = _itk_image(folder / "atlas_template_space.nii.gz", np.uint8)
        return cls(_itk_image(folder / "ct_template_mask.nii.gz", np.float32), regions, ventricle, deep)

    @cached_property
    def mask_with_ventricles(self) -> sitk.Image:
        """Inside of the skull plus weighted ventricles, to register both."""
        ventricles = sitk.Cast(self.regions == self.ventricle, sitk.sitkFloat32)
        return self.mask + ventricles * _FLUID_WEIGHT

    def on(self, host: sitk.Image, transform: sitk.Transform) -> np.ndarray:
        """Return the region numbers on the grid of a host scan, (slices, rows, columns) uint8."""
        return sitk.GetArrayFromImage(sitk.Resample(self.regions, host, transform, sitk.sitkNearestNeighbor, 0))


@dataclass(frozen=True, eq=False)
class RegisteredAtlas:
    """The atlas on the grid of a host scan.

    Attributes
    ----------
    regions : numpy.ndarray
        (slices, rows, columns) uint8 region numbers.
    left_mm : numpy.ndarray
        (slices, rows, columns) float32, signed distance to the midline, positive to the patient's left.
    ventricle_distance_mm : numpy.ndarray
        (slices, rows, columns) float32, distance to the ventricles of the atlas; 0 inside.
    """

    regions: np.ndarray
    left_mm: np.ndarray
    ventricle_distance_mm: np.ndarray


def register_atlas(
    atlas: Atlas, hu: np.ndarray, intracranial: np.ndarray, spacing_mm: tuple[float, float, float]
) -> RegisteredAtlas:
    """Register the atlas to a host scan by an affine transform (mean squares): first the skulls, then also ventricles.

    Parameters
    ----------
    atlas : Atlas
        Labelled template.
    hu : numpy.ndarray
        (slices, rows, columns) HU on canonical axes.
    intracranial : numpy.ndarray
        (slices, rows, columns) bool, inside of the skull of the host scan.
    spacing_mm : tuple of float
        (slice, row, column).
    """
    host = _image(intracranial, spacing_mm)
    initial = sitk.CenteredTransformInitializer(
        host, atlas.mask, sitk.AffineTransform(3), sitk.CenteredTransformInitializerFilter.MOMENTS
    )
    # The optimiser does not recover from more than about 20 degrees by itself.
    heights = np.arange(len(intracranial)) * spacing_mm[0]
    inside = np.where(intracranial, np.clip(hu, 0, _BRIGHTEST_HU) / _BRIGHTEST_HU, 0)
    turn = np.deg2rad(find_midsagittal_plane(inside, heights, spacing_mm[1]).turn_deg)
    cosine, sine = np.cos(turn), np.sin(turn)
    initial.SetMatrix([cosine, -sine, 0.0, sine, cosine, 0.0, 0.0, 0.0, 1.0])
    by_skull = _affine(host, atlas.mask, initial, smoothing_mm=(4.0, 2.0))
    found = atlas.on(host, by_skull)
    near = ndimage.distance_transform_edt(found != atlas.ventricle, sampling=spacing_mm) <= _FLUID_SEARCH_MM
    fluid = _deep(intracranial, spacing_mm) & _fluid(hu, intracranial, spacing_mm) & near
    if fluid.any():
        with_fluid = _image(intracranial + _FLUID_WEIGHT * fluid, spacing_mm)
        transform = _affine(with_fluid, atlas.mask_with_ventricles, by_skull, smoothing_mm=(3.0, 1.5))
    else:
        transform = by_skull
    regions = atlas.on(host, transform)
    distance = ndimage.distance_transform_edt(regions != atlas.ventricle, sampling=spacing_mm).astype(np.float32)
    return RegisteredAtlas(regions, _template_left(transform, host), distance)


def host_anatomy(
    hu: np.ndarray,
    intracranial: np.ndarray,
    registered: RegisteredAtlas,
    deep: dict[int, DeepRegion],
    spacing_mm: tuple[float, float, float],
) -> Anatomy:
    """Compute the masks for placing lesions in a host scan.

    Parameters
    ----------
    hu : numpy.ndarray
        (slices, rows, columns) HU on canonical axes.
    intracranial : numpy.ndarray
        (slices, rows, columns) bool, inside of the skull.
    registered : RegisteredAtlas
        The atlas on the same grid.
    deep : dict
        `DeepRegion` by region number of the atlas.
    spacing_mm : tuple of float
        (slice, row, column).
    """
    fluid = _fluid(hu, intracranial, spacing_mm)
    to_brain_mm = ndimage.distance_transform_edt(registered.regions == 0, sampling=spacing_mm)
    intracranial = intracranial & (to_brain_mm <= _BRAIN_REACH_MM)
    fluid &= intracranial
    cerebral = _above_midbrain(registered.regions, deep)
    reach_mm = np.where(cerebral, _VENTRICLE_REACH_MM, _LOW_VENTRICLE_REACH_MM)[:, None, None]
    ventricles = fluid & (registered.ventricle_distance_mm <= reach_mm) & _deep(intracranial, spacing_mm)
    brain = intracranial & ~fluid
    regions = np.zeros(hu.shape, dtype=np.uint8)
    for number, region in deep.items():
        regions[brain & (registered.regions == number)] = region
    return Anatomy(
        skull=(hu >= _BONE_HU) & ~intracranial,
        intracranial=intracranial,
        brain=brain,
        csf=fluid & ~ventricles,
        ventricles=ventricles,
        deep=regions,
        midline_distance_mm=registered.left_mm,
        spacing_mm=spacing_mm,
    )


def _template_left(transform: sitk.Transform, host: sitk.Image) -> np.ndarray:
    """Return the left coordinate (LPS x) of every voxel in template space, where the midline is the plane x = 0."""
    size = host.GetSize()
    corners = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    lefts = [transform.TransformPoint(host.TransformIndexToPhysicalPoint(corner))[0] for corner in corners]
    steps = [value - lefts[0] for value in lefts[1:]]
    columns, rows, slices = (np.arange(n, dtype=np.float32) * s for n, s in zip(size, steps, strict=True))
    return (lefts[0] + slices[:, None, None] + rows[None, :, None] + columns[None, None, :]).astype(np.float32)


def _fluid(hu: np.ndarray, intracranial: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Return the mask of voxels clearly darker than brain: cerebrospinal fluid and old infarcts."""
    sigma = (0.0, _SMOOTHING_MM / spacing_mm[1], _SMOOTHING_MM / spacing_mm[2])
    smooth = ndimage.gaussian_filter(np.clip(hu, 0, _BRIGHTEST_HU).astype(np.float32), sigma)
    return intracranial & (smooth < np.median(smooth[intracranial]) - _CSF_BELOW_BRAIN_HU)


def _deep(intracranial: np.ndarray, spacing_mm: tuple[float, float, float]) -> np.ndarray:
    """Return the mask of voxels deeper in each slice than sulci reach."""
    depth_mm = [ndimage.distance_transform_edt(plane, sampling=spacing_mm[1:]) for plane in intracranial]
    return np.stack(depth_mm) >= _VENTRICLE_DEPTH_MM


def _above_midbrain(regions: np.ndarray, deep: dict[int, DeepRegion]) -> np.ndarray:
    """Return (slices,) bool, True from the middle of the thalamus up, where no cisterns adjoin the ventricles."""
    thalamus = np.isin(regions, [number for number, region in deep.items() if region == DeepRegion.THALAMUS])
    slices = np.flatnonzero(thalamus.any(axis=(1, 2)))
    first = slices[len(slices) // 2] if slices.size else 0
    return np.arange(len(regions)) >= first


def _affine(
    fixed: sitk.Image, moving: sitk.Image, initial: sitk.Transform, *, smoothing_mm: tuple[float, float]
) -> sitk.Transform:
    registration = sitk.ImageRegistrationMethod()
    registration.SetMetricAsMeanSquares()
    registration.SetInterpolator(sitk.sitkLinear)
    registration.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-3, 150)
    registration.SetOptimizerScalesFromPhysicalShift()
    registration.SetShrinkFactorsPerLevel([2, 1])
    registration.SetSmoothingSigmasPerLevel(smoothing_mm)
    registration.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    registration.SetInitialTransform(initial, inPlace=False)
    return registration.Execute(_coarse(fixed, _REGISTRATION_MM), _coarse(moving, _REGISTRATION_MM))


def _image(array: np.ndarray, spacing_mm: tuple[float, float, float]) -> sitk.Image:
    image = sitk.GetImageFromArray(array.astype(np.float32))
    image.SetSpacing([float(s) for s in spacing_mm[::-1]])
    return image


def _coarse(image: sitk.Image, spacing_zyx: tuple[float, float, float]) -> sitk.Image:
    spacing = [max(new, old) for new, old in zip(spacing_zyx[::-1], image.GetSpacing(), strict=True)]
    size = [round(n * old / new) for n, old, new in zip(image.GetSize(), image.GetSpacing(), spacing, strict=True)]
    smooth = sitk.SmoothingRecursiveGaussian(image, 1.5)
    return sitk.Resample(
        smooth, size, sitk.Transform(), sitk.sitkLinear, image.GetOrigin(), spacing, image.GetDirection(), 0.0
    )


def _itk_image(path: Path, dtype: type) -> sitk.Image:
    """Read NIfTI as LPS on the axes of host scans: slices to the head, rows to the back, columns to the left."""
    canonical = nib.as_closest_canonical(nib.load(path))
    array: np.ndarray = np.asarray(canonical.dataobj).astype(dtype)[::-1, ::-1, :]
    spacing = [float(s) for s in canonical.header.get_zooms()[:3]]
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0)))
    image.SetSpacing(spacing)
    last = canonical.affine[:3, 3] + canonical.affine[:3, :3] @ [array.shape[0] - 1, array.shape[1] - 1, 0]
    image.SetOrigin([-float(last[0]), -float(last[1]), float(canonical.affine[2, 3])])
    return image
