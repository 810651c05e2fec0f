# SPDX-License-Identifier: Apache-2.0
"""Files: temporary names, replacement of results, the cache per scan, cells of CSV."""
