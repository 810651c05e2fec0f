# SPDX-License-Identifier: Apache-2.0
"""Scans that lie in one file with an affine: NIfTI, NRRD and MetaImage."""
