# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``mrml``."""

MESSAGES: dict[str, str] = {
    # Volumes
    "node_removed": "The {what} is no longer in the scene; load or choose another.",
    "label_map": "{name} is a label map, not a CT.",
    "not_scalar": "{name} is not a scalar volume.",
    "empty_volume": "{name} is empty.",
    "not_one_image": "{name} holds colors, vectors or several time points; choose a single CT volume.",
    "other_modality": "{name} is {modality}, not CT.",
    "other_units": "{name} is not in Hounsfield units.",
    "dependent_axes": "{name} cannot be placed in space: its axes are not independent.",
    "eight_bit": "{name} holds 8-bit gray values, not HU; load the original slices.",
    "one_value": "{name} holds only one value ({value:g}).",
    "gray_values": "{name} holds values from {low:g} to {high:g}: these look like windowed gray values, not HU.",
    "not_hu": "{name} holds values from {low:g} to {high:g}, but air in a CT is about -1000 HU: it is not a CT in HU.",
    "too_few_slices": "The volume has {slices} slice(s); at least {minimum} are needed.",
    "nonlinear_transform": (
        "The volume {name} is under a non-linear transform that is not Slicer's acquisition transform; harden it, or "
        "choose the volume that was loaded from DICOM."
    ),
    "no_air": "The lowest value is {low:g}, but air is about -1000 HU: the values may be shifted or clipped.",
    "padding": "Padding outside the scan circle was set to -1024 HU.",
    "not_the_dicom_pixels": (
        "The volume does not hold the voxels of its DICOM files (it was resampled or edited): the slice positions are "
        "taken from the volume itself."
    ),
    "no_dicom_files": "The DICOM files of the volume were not found: equal steps between its slices are assumed.",
    "several_scans": (
        "The DICOM files of {name} hold {count} scans; load one of them alone (DICOM module, Advanced, Examine)."
    ),
    # Results
    "output_not_empty": "{name} holds segments, which a result would replace; choose a segmentation without any.",
    "other_shape": "Labels of shape {labels} do not fit a volume of shape {volume}.",
    "not_a_result": "{name} is not a result of ICHSegmentation; choose a segmentation that this module made.",
    "damaged_positions": "The slice positions stored with {name} are damaged; segment the volume again.",
    "damaged_result": "The model's result stored with {name} is damaged; segment the volume again.",
    "too_many_segments": "The segmentation has too many segments; remove those that you do not need.",
    "changed_geometry": (
        "The geometry of the segmentation was changed, and its voxels cannot be mapped back to the slices; segment the "
        "volume again."
    ),
    "unknown_subtype": "{subtype} is not a hemorrhage subtype; choose one of {subtypes}.",
    "no_lesion": "There is no lesion at this place; click inside a lesion.",
    "no_box": "The box was deleted; choose another.",
    "no_volume_rendering": "This Slicer has no Volume Rendering module, which shows the skull.",
}
