# SPDX-License-Identifier: Apache-2.0
"""Anatomical location in the brain, from a simple atlas that is fitted to each scan."""
