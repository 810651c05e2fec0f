# SPDX-License-Identifier: Apache-2.0
"""Tables, plots and files of an evaluation."""
