# SPDX-License-Identifier: Apache-2.0
"""Checks at the end of a test."""
