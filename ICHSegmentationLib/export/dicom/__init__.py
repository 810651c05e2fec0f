# SPDX-License-Identifier: Apache-2.0
"""DICOM objects: SEG, SR and encapsulated PDF."""
