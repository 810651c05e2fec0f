# SPDX-License-Identifier: Apache-2.0
"""Save a corrected scan as a case in nnU-Net's folder layout."""
