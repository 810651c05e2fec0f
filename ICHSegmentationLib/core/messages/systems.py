# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``systems``."""

MESSAGES: dict[str, str] = {}
