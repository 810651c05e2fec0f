# SPDX-License-Identifier: Apache-2.0
"""Volume nodes: geometry, checks and conversion to a CT volume."""
