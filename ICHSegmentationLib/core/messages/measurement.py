# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``measurement``."""

MESSAGES: dict[str, str] = {
    "no_deep_brain": "The middle of the brain is not in the scan.",
    "no_frontal_horns": "The frontal horns are not in the scan.",
    "not_compared": (
        "The scans could not be compared (not assessed: {scans}): blood that is not outlined may be there."
    ),
    "other_slices": "The model's and the corrected segmentation do not lie on the same slices.",
    "graeb_points": "The {compartment} can have 0 to {max_points} points, not {points}.",
    "other_shape": "Labels of shape {labels} do not fit a scan of shape {volume}.",
    "unclear_septum": "The septum between the frontal horns is not clear.",
}
