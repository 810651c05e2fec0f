# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``registration``."""

MESSAGES: dict[str, str] = {}
