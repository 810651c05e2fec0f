# SPDX-License-Identifier: Apache-2.0
"""Training on patches of volumes."""
