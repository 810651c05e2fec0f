# SPDX-License-Identifier: Apache-2.0
"""Findings that mimic hemorrhage, and image artefacts."""
