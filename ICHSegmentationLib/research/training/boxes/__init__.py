# SPDX-License-Identifier: Apache-2.0
"""Training of box detectors and of networks that segment crops."""
