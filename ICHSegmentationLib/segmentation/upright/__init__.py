# SPDX-License-Identifier: Apache-2.0
"""Turned heads are set upright for every segmenter."""
