# SPDX-License-Identifier: Apache-2.0
"""The review page: one HTML file that shows a case, corrects its labels and records a verdict, without a network."""
