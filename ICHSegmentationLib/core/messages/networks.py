# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``networks``."""

MESSAGES: dict[str, str] = {}
