# SPDX-License-Identifier: Apache-2.0
"""Measurements of the brain: midline, midline shift and ventricles."""
