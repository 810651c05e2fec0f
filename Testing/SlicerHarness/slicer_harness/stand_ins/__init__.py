# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for the ctk and qMRML widgets, each limited to the names of the allow-list."""
