# SPDX-License-Identifier: Apache-2.0
"""Random properties of a head: age, size, pose, widths, calcifications."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class HeadTraits:
    """Properties of one head.

    `atrophy` is 0 in a young head and about 1 in an old one; `rotation_deg` is (pitch, roll, yaw); `shift_mm` is the
    position (left, front, up) of the head in the field of view; `squareness` is the exponent of the superellipsoid of
    the skull; HU are means of a tissue.
    """

    age_years: float
    atrophy: float
    size: tuple[float, float, float]
    rotation_deg: tuple[float, float, float]
    squareness: float
    shift_mm: tuple[float, float, float]
    skull_mm: float
    scalp_mm: float
    white_hu: float
    grey_hu: float
    csf_hu: float
    ventricle_scale: float
    ventricle_asymmetry: float
    sulcus_mm: float
    white_matter_disease: float
    calcium_hu: float
    choroid_calcified: bool
    pineal_calcified: bool
    pallidum_calcified: bool
    falx_calcified: bool
    head_rest: bool

    @classmethod
    def draw(cls, rng: np.random.Generator) -> HeadTraits:
        """Draw the properties of one head."""
        age = rng.uniform(18, 92)
        old = float(np.clip((age - 40) / 45, 0, 1))
        atrophy = float(np.clip(old * rng.uniform(0.4, 1.2) + rng.uniform(0, 0.15), 0, 1.2))
        common = rng.normal(0, 0.035)
        width, length, height = (float(s) for s in np.clip(0.94 + common + rng.normal(0, 0.02, 3), 0.84, 1.04))
        white = rng.uniform(25, 31)
        return cls(
            age_years=float(age),
            atrophy=atrophy,
            size=(width, length, height),
            rotation_deg=(rng.normal(-3, 6), float(np.clip(rng.normal(0, 4), -10, 10)), rng.normal(0, 9)),
            squareness=rng.uniform(2.05, 2.5),
            shift_mm=(rng.normal(0, 5), rng.normal(0, 6), rng.uniform(-6, 4)),
            skull_mm=rng.uniform(4.8, 8.0),
            scalp_mm=rng.uniform(3.0, 7.5),
            white_hu=white,
            grey_hu=white + rng.uniform(6, 10),
            csf_hu=rng.uniform(4, 9),
            ventricle_scale=float(rng.uniform(0.9, 1.35) + 0.65 * atrophy * rng.uniform(0.5, 1.2)),
            ventricle_asymmetry=float(np.clip(rng.normal(0, 0.08), -0.25, 0.25)),
            sulcus_mm=float(rng.uniform(0.4, 0.65) + 1.1 * atrophy * rng.uniform(0.7, 1.2)),
            white_matter_disease=float(old * rng.uniform(0, 1)),
            calcium_hu=float(rng.uniform(80, 320)),
            choroid_calcified=bool(rng.random() < 0.25 + 0.55 * old),
            pineal_calcified=bool(rng.random() < 0.6),
            pallidum_calcified=bool(rng.random() < 0.08 + 0.1 * old),
            falx_calcified=bool(rng.random() < 0.1 + 0.3 * old),
            head_rest=bool(rng.random() < 0.85),
        )
