# SPDX-License-Identifier: Apache-2.0
"""Diameters of lesions, and ABC/2."""
