# SPDX-License-Identifier: Apache-2.0
"""Subcommands of research: simulation, training and evaluation."""
