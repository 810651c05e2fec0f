# SPDX-License-Identifier: Apache-2.0
"""Messages of the package ``registration``."""

MESSAGES: dict[str, str] = {
    "other_patient": "The scans are of different patients by {attributes}; their change means nothing.",
    "same_series": "Both scans are the same series (SeriesInstanceUID (0020,000E)).",
    "wrong_order": "The follow-up was scanned before the baseline, by the times in their headers.",
}
