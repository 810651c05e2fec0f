# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``anatomy``."""

MESSAGES: dict[str, str] = {
    "cut_off": "The image border cuts off a part of the head.",
    "frame_numbers": "Brain coordinates need 13 finite numbers, not {count}.",
    "face_not_found": "The face cannot be removed, since the model of the head does not fit this scan. {reason}",
    "orbits": "About {volume_ml:.0f} mL of the orbits look like brain, as in greys that do not hold all HU.",
    "poor_fit": "The skull does not fit the atlas.",
    "too_few_slices": "The scan has only {slices} slices.",
    "too_little_brain": "The scan shows only {height_mm:.0f} mm of brain.",
    "too_little_skull": "Too little of the inside of a skull was found.",
    "upside_down": "The head seems to lie upside down in its slices.",
}
