# SPDX-License-Identifier: Apache-2.0
"""Synthetic inputs for tests; no patient data."""
