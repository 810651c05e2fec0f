# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``measurement``."""

MESSAGES: dict[str, str] = {}
