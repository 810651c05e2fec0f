# SPDX-License-Identifier: Apache-2.0
"""Lesions of a result: finding, table, buttons, placing with the mouse, and keys."""
