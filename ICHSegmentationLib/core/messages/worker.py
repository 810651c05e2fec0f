# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``worker``."""

MESSAGES: dict[str, str] = {}
