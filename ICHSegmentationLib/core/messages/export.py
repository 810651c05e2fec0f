# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``export``."""

MESSAGES: dict[str, str] = {
    "other_data_set": (
        "{folder} holds another data set; choose an empty folder or one that already holds cases saved here."
    ),
}
