# SPDX-License-Identifier: Apache-2.0
"""Version of the library."""

__version__ = "0.1.0"
