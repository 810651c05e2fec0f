# SPDX-License-Identifier: Apache-2.0
"""Pictures of a segmentation: key slices and a 3D view."""
