# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``anatomy``."""

MESSAGES: dict[str, str] = {}
