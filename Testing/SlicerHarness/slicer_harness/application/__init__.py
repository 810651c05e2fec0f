# SPDX-License-Identifier: Apache-2.0
"""``slicer.app`` and what it owns."""
