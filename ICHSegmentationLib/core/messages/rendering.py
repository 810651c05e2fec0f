# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``rendering``."""

MESSAGES: dict[str, str] = {}
