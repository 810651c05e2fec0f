# SPDX-License-Identifier: Apache-2.0
"""Training data, configuration and fitting; needs the ``train`` extra."""
