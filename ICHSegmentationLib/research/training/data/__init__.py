# SPDX-License-Identifier: Apache-2.0
"""Training data: sources, prepared volumes and labels."""
