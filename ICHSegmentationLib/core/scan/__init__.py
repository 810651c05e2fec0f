# SPDX-License-Identifier: Apache-2.0
"""The CT volume, its slice grid and its source."""
