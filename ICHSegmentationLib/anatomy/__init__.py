# SPDX-License-Identifier: Apache-2.0
"""Where things are in the brain of a scan: an own small model of anatomy, fitted to each scan."""
