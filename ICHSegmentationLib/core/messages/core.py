# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``core``."""

MESSAGES: dict[str, str] = {
    "box_beyond_slices": (
        "A box reaches to slice {slice}, but the scan has {slices} slices; give the scan that the boxes belong to."
    ),
    "box_outside_image": (
        "The {subtype} box on slices {first} to {last} lies outside the image; give the scan that the boxes belong to."
    ),
    "cancelled": "The segmentation was cancelled.",
    "cannot_write": "Cannot write {path}: {reason}.",
    "ct_volume_shape": "A CT volume is int16 of shape {expected}, not {dtype} of shape {shape}.",
    "disk_full": "Cannot write {path}: the disk is full; free some space or choose another folder.",
    "disk_read_only": "Cannot write {path}: the disk is read-only; choose another folder.",
    "folder_in_the_way": "Cannot write {path}: a folder of that name exists.",
    "folder_missing": "Cannot write {path}: the folder does not exist.",
    "label_map_shape": "A label map is uint8 of shape {expected}, not {dtype} of shape {shape}.",
    "single_slice": "The extent of a single slice is unknown; give the whole series.",
    "slices_out_of_order": (
        "Slices {first} and {second} are not in the order of their positions along the normal, so that volumes cannot "
        "be measured; check the positions in the file."
    ),
    "extents_do_not_add_up": (
        "The slices own {sum_mm:.2f} mm in all, but the stack is {span_mm:.2f} mm long; volumes cannot be measured."
    ),
    "unfinished_replacement": (
        "A run that was killed had begun to replace the files in {folder}, and this cannot be finished: {reason}. Free "
        "the folder for writing, or repeat the run."
    ),
    "quota_used_up": "Cannot write {path}: the disk quota is used up; free some space or choose another folder.",
    "write_forbidden": "Cannot write {path}: you may not write there; choose another folder.",
    "box_point": "The corners of a box must be finite numbers.",
    "box_slices": "A box needs its first and its last slice, counted from 0, not {first} and {last}.",
    "box_subtype": "The subtype of a box must be one of {known}, not {subtype}.",
    "classes": "The classes must be background and then some of {known}.",
    "grid_parallel": "Rows and columns of a grid must not be parallel.",
    "grid_shape": "A grid needs one 3D position per slice, two 3D directions and two spacings.",
    "grid_values": "The directions and spacings of a grid must be finite and not zero.",
}
