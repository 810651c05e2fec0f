# SPDX-License-Identifier: Apache-2.0
"""What a scripted module finds in 3D Slicer, as far as plain Python can offer it; see ../README.md."""
