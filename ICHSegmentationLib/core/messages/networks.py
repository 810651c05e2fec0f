# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``networks``."""

MESSAGES: dict[str, str] = {
    "embedding": "The embedding ({embedding}) must be a multiple of 4 and of the number of heads ({heads}).",
    "image_shape": "The network takes images of shape (N, {channels}, H, W), not {shape}.",
    "image_size": "Image height and width must be multiples of {stride} pixels, not {height} x {width}.",
}
