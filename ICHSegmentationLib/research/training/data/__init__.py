# SPDX-License-Identifier: Apache-2.0
"""Training data: prepared volumes and labels."""
