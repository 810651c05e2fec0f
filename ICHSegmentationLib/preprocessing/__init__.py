# SPDX-License-Identifier: Apache-2.0
"""Conversion of CT volumes to network input, and of network output to the source slices."""
