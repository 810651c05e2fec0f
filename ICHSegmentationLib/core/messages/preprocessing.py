# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``preprocessing``."""

MESSAGES: dict[str, str] = {
    "cut_off": "The head is cut off by the image border; hemorrhage outside cannot be seen.",
    "doubtful_midline": (
        "The head seems to be turned by {turn_deg:.0f} degrees; it may have been set upright for the network about "
        "a wrong midline."
    ),
    "not_a_head": "This does not look like a head CT: {doubt}. Use --force to segment it all the same.",
    "too_few_pixels": "The slices have {rows} rows and {columns} columns: at least {minimum} of each are needed.",
}
