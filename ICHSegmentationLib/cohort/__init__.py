# SPDX-License-Identifier: Apache-2.0
"""Many scans: finding them, segmenting each in a process with limits, and a ledger of what was done."""
