# SPDX-License-Identifier: Apache-2.0
"""Simulation, training and evaluation; training and evaluation are not installed in Slicer."""
