# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``preprocessing``."""

MESSAGES: dict[str, str] = {}
