# SPDX-License-Identifier: Apache-2.0
"""Pages to review many cases."""
