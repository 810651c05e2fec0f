# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``mrml``."""

MESSAGES: dict[str, str] = {}
