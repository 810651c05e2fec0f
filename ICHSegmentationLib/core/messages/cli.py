# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``cli``."""

MESSAGES: dict[str, str] = {}
