# SPDX-License-Identifier: Apache-2.0
"""Segmentation inside lesion boxes."""
