# SPDX-License-Identifier: Apache-2.0
"""Fit of a network: batches, optimisers, checkpoints and initial weights."""
