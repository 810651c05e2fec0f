# SPDX-License-Identifier: Apache-2.0
"""Procedural head CTs."""
