# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``segmentation``."""

MESSAGES: dict[str, str] = {}
