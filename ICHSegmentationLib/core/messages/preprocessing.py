# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``preprocessing``."""

MESSAGES: dict[str, str] = {
    "cut_off": "The head is cut off by the image border; hemorrhage outside cannot be seen.",
    "doubtful_midline": (
        "The head seems to be turned by {turn_deg:.0f} degrees; it may have been set upright for the network about "
        "a wrong midline."
    ),
    "no_skull": "No soft tissue was found inside a skull.",
    "not_a_head": "This does not look like a head CT. {doubt} Use --force to segment it anyway.",
    "soft_tissue_density": "The tissue inside bone has a median of {median_hu:.0f} HU, but brain has about 30 HU.",
    "soft_tissue_volume": (
        "Bone encloses {volume_ml:.0f} mL of soft tissue, but a head contains {min_ml:.0f} to {max_ml:.0f} mL."
    ),
    "soft_tissue_width": (
        "The soft tissue inside bone is {width_mm:.0f} mm wide, but that of a head at most {max_mm:.0f} mm."
    ),
    "too_few_pixels": "The slices have {rows} rows and {columns} columns: at least {minimum} of each are needed.",
    "clip_outside_window": "The range clip_hu {clip_hu} must be a part of window_hu {window_hu}.",
    "patch_size": "The sides of patches.size {size} must be multiples of {multiple}.",
    "patch_stride": "The steps of patches.stride {stride} must be less than half of patches.size {size}.",
    "z_score_deviation": "The standard deviation in z_score must be positive.",
}
