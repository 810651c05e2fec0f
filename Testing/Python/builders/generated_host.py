# SPDX-License-Identifier: Apache-2.0
"""A small generated head as host scan for simulated lesions, generated once."""

from __future__ import annotations

from functools import cache

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.simulation.simulate import SimulatedCT, simulated_ct


@cache
def a_generated_host() -> SimulatedCT:
    """Return a coarse head with an IPH of about 25 mL."""
    return simulated_ct(
        11, subtypes=[Subtype.IPH], volumes_ml={Subtype.IPH: 25.0}, shape=(24, 96, 96), spacing_mm=(6.5, 2.2, 2.2)
    )
