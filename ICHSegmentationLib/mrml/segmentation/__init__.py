# SPDX-License-Identifier: Apache-2.0
"""Segmentation nodes: results, corrections and volumes."""
