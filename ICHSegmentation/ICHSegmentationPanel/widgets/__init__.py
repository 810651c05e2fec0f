# SPDX-License-Identifier: Apache-2.0
"""Widgets that sections are made of."""
