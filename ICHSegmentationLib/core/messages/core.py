# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``core``."""

MESSAGES: dict[str, str] = {
    "label_map_shape": "A label map is uint8 of shape {expected}, not {dtype} of shape {shape}.",
    "single_slice": "The extent of a single slice is unknown; give the whole series.",
    "slices_out_of_order": (
        "Slices {first} and {second} are not in the order of their positions along the normal, so that volumes cannot "
        "be measured; check the positions in the file."
    ),
    "extents_do_not_add_up": (
        "The slices own {sum_mm:.2f} mm in all, but the stack is {span_mm:.2f} mm long; volumes cannot be measured."
    ),
}
