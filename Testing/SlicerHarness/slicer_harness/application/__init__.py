# SPDX-License-Identifier: Apache-2.0
"""``slicer.app`` and the objects that it owns."""
