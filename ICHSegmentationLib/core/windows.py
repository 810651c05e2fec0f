# SPDX-License-Identifier: Apache-2.0
"""Windows of HU that viewers of a scan offer."""

from __future__ import annotations

WINDOWS: dict[str, tuple[float, float]] = {"brain": (40.0, 80.0), "subdural": (75.0, 215.0), "bone": (500.0, 2500.0)}
"""Centre and width in HU, by name."""
