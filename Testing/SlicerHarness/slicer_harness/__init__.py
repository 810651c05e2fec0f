# SPDX-License-Identifier: Apache-2.0
"""The parts of 3D Slicer that a scripted module uses, reproduced in plain Python; see ../README.md."""
