# SPDX-License-Identifier: Apache-2.0
"""Pure Python parts of Slicer that slicer-core does not ship, written anew against their documented behaviour."""
