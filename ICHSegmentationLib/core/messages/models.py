# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``models``."""

MESSAGES: dict[str, str] = {}
