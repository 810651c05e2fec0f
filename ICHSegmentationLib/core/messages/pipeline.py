# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``pipeline``."""

MESSAGES: dict[str, str] = {
    "no_trained_model": "No trained model is installed; the mixture model em was used instead.",
}
