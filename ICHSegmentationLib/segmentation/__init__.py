# SPDX-License-Identifier: Apache-2.0
"""From a CT volume to a label map on its source slices."""
