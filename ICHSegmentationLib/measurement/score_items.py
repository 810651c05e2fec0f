# SPDX-License-Identifier: Apache-2.0
"""Constants shared by the scores."""

from __future__ import annotations

from typing import Literal

LARGE_ML = 30.0
"""IPH volume from which the ICH score gives a point (Hemphill 2001)."""
NOT_DETERMINED: Literal["not determined"] = "not determined"
BY_USER = "by the user"
