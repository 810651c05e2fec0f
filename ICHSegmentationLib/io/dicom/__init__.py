# SPDX-License-Identifier: Apache-2.0
"""Reading CT series from DICOM files."""
