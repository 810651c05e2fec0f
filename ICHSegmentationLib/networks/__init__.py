# SPDX-License-Identifier: Apache-2.0
"""Networks."""

from __future__ import annotations

from .factory import build_network

__all__ = ["build_network"]
