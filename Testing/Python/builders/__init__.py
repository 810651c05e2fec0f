# SPDX-License-Identifier: Apache-2.0
"""Makers of synthetic inputs for tests; no patient's data."""
