# SPDX-License-Identifier: Apache-2.0
"""What must be in order when a test ends."""
