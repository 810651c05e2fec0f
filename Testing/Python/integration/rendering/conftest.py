# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that draw pictures."""

from __future__ import annotations

from builders.drawn_head import a_head_ct, a_label_map  # noqa: F401
