# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``sending``."""

MESSAGES: dict[str, str] = {}
