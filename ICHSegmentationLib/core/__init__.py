# SPDX-License-Identifier: Apache-2.0
"""Types and helpers that all other packages use. This package imports none of them."""
