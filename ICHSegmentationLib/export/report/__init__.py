# SPDX-License-Identifier: Apache-2.0
"""The report: text, PDF and patient data."""
