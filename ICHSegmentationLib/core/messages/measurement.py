# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``measurement``."""

MESSAGES: dict[str, str] = {
    "other_slices": "The model's and the corrected segmentation do not lie on the same slices.",
    "graeb_points": "The {compartment} can have 0 to {max_points} points, not {points}.",
    "other_shape": "Labels of shape {labels} do not fit a scan of shape {volume}.",
}
