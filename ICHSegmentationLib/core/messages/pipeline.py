# SPDX-License-Identifier: Apache-2.0
"""Messages of the module ``pipeline``."""

MESSAGES: dict[str, str] = {}
