# SPDX-License-Identifier: Apache-2.0
"""Scans without the identity of the patient."""
