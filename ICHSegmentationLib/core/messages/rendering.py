# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``rendering``."""

MESSAGES: dict[str, str] = {
    "no_opengl": (
        "No 3D picture was made: no OpenGL library for rendering without a screen was found. Install one, on Debian or "
        "Ubuntu with 'apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri'; all other results are complete."
    ),
    "unreadable_growth_picture": "The picture of the growth is not a readable PNG file; run `ichseg compare` again.",
}
