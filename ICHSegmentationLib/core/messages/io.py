# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``io``."""

MESSAGES: dict[str, str] = {}
