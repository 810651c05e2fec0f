# SPDX-License-Identifier: Apache-2.0
"""Rigid registration of two scans of a patient."""

from ICHSegmentationLib.registration.rigid import Registration, register

__all__ = ["Registration", "register"]
