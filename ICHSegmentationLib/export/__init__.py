# SPDX-License-Identifier: Apache-2.0
"""Files that a segmentation is handed on in: each writer is atomic, each label file can be read back."""
