# SPDX-License-Identifier: Apache-2.0
"""Types and helpers that every other package uses; it imports none of them."""
