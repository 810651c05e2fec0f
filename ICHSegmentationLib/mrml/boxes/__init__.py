# SPDX-License-Identifier: Apache-2.0
"""Lesion boxes in the scene."""
