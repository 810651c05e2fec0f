# SPDX-License-Identifier: Apache-2.0
"""Slice and 3D views."""
