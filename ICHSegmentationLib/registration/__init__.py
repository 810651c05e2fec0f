# SPDX-License-Identifier: Apache-2.0
"""Bringing two scans of one patient together."""

from ICHSegmentationLib.registration.rigid import Registration, register

__all__ = ["Registration", "register"]
