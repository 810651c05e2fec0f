# SPDX-License-Identifier: Apache-2.0
"""A second, deformable registration of the atlas, to find where the reference is certain."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from ICHSegmentationLib.research.simulation import Anatomy
from ICHSegmentationLib.research.simulation.host_anatomy import Atlas

_MESH = (3, 4, 2)  # of B-splines along columns, rows, slices: 5 to 7 cm each
_VENTRICLE_WEIGHT = 2.0  # as in the atlas image
_SMOOTHING_MM = 2.0
_SAMPLED = 0.03  # of the voxels
_ITERATIONS = 12


def deformed_regions(atlas: Atlas, anatomy: Anatomy, host: sitk.Image, affine: sitk.Transform) -> np.ndarray:
    """Return the atlas regions after a smooth deformation that follows the affine registration.

    Skull and ventricles then fit better, but they do not locate sulci. Neither registration is the truth: where the two
    name different regions, the reference is uncertain.

    Parameters
    ----------
    atlas : Atlas
        The registered atlas.
    anatomy : Anatomy
        Anatomy of the host scan, (slices, rows, columns).
    host : SimpleITK.Image
        Any image on the grid of the host scan.
    affine : SimpleITK.Transform
        Transform from the host scan to the atlas.
    """
    fixed = sitk.GetImageFromArray((anatomy.intracranial + _VENTRICLE_WEIGHT * anatomy.ventricles).astype(np.float32))
    fixed.CopyInformation(host)
    bending = sitk.BSplineTransformInitializer(fixed, _MESH, 3)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMeanSquares()
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(_SAMPLED, seed=1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsLBFGSB(gradientConvergenceTolerance=1e-5, numberOfIterations=_ITERATIONS)
    method.SetMovingInitialTransform(affine)
    method.SetInitialTransform(bending, inPlace=True)
    smooth = [sitk.SmoothingRecursiveGaussian(image, _SMOOTHING_MM) for image in (fixed, atlas.mask_with_ventricles)]
    method.Execute(*smooth)
    return sitk.GetArrayFromImage(
        sitk.Resample(atlas.regions, host, sitk.CompositeTransform([affine, bending]), sitk.sitkNearestNeighbor, 0)
    )
