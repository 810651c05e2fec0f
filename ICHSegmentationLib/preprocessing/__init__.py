# SPDX-License-Identifier: Apache-2.0
"""From a CT volume to what a network sees, and from its answer back to the source slices."""
