# SPDX-License-Identifier: Apache-2.0
"""Reading and writing of scans and label maps."""
