# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``core``."""

MESSAGES: dict[str, str] = {
    "label_map_shape": "A label map is uint8 of shape {expected}, not {dtype} of shape {shape}.",
}
