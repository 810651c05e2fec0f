# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``measurement``."""

MESSAGES: dict[str, str] = {
    "other_slices": "The model's and the corrected segmentation do not lie on the same slices.",
}
