# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``segmentation``."""

MESSAGES: dict[str, str] = {
    "axial_slices_only": "Model {name} finds boxes on axial slices only; choose another model.",
    "brightness_in_boxes": (
        "Bright voxels inside the given boxes were labelled as blood (mixture model, not a trained network); the "
        "subtypes are those of the boxes."
    ),
    "brightness_only": (
        "These labels are based on brightness alone (mixture model, not a trained network): they have no subtypes, and "
        "other structures as bright as blood are labelled too."
    ),
    "detector_missing": (
        "Model {name} needs the detector {detector!r}, which is not installed. Give it boxes, or choose another model."
    ),
    "detector_turns_head": "Detector {name} must not align the midline; correct its entry in the list of models.",
    "head_tilted": (
        "Not assessed: the head is tilted against the slices by {tilt_deg:.0f} degrees (at most {max_deg:.0f}), so "
        "blood may have been missed. Reformat the scan to axial slices of the head."
    ),
    "no_boxes_taken": "Model {name} does not take boxes; choose another one, such as {alternative}.",
    "no_subtypes": "This model does not distinguish subtypes: all blood is labelled ICH.",
    "patches_not_described": (
        "Model {name} labels patches, but its entry in the list of models does not describe them."
    ),
    "head_turned": (
        "The head is turned by {turn_deg:.0f} degrees in the slices; hemorrhage outside the brain may have been "
        "missed. Look at the slices."
    ),
    "point_labelled": "The voxel at this point is labelled already; choose its lesion to change it.",
    "point_outside": "The point is outside the scan.",
    "pose_not_found": (
        "Not assessed: the pose of the head was not found, so hemorrhage may have been missed. Check that the slices "
        "are axial and that the patient position in the file is right."
    ),
    "turned_head_set_upright": (
        "The head is turned by {turn_deg:.0f} degrees in the slices and was set upright for the model; check the sides."
    ),
    "verifier_missing": (
        "The verifier {name} is not installed: a small lesion beside a ventricle may be labelled IVH by mistake."
    ),
    "verifier_relabelled": (
        "Relabelled IVH as IPH in one lesion: the verifier {name} disagreed with the model. Check its subtype."
    ),
    "verifier_relabelled_several": (
        "Relabelled IVH as IPH in {count} lesions: the verifier {name} disagreed with the model. Check their subtypes."
    ),
}
