# SPDX-License-Identifier: Apache-2.0
"""Parts of a fit: optimisers, checkpoints and initial weights."""
