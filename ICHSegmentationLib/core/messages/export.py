# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``export``."""

MESSAGES: dict[str, str] = {}
