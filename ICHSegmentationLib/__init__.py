# SPDX-License-Identifier: Apache-2.0
"""Segment and measure intracranial hemorrhage on head CT. Research use only."""

__version__ = "0.1.0"
