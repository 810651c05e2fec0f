# SPDX-License-Identifier: Apache-2.0
"""Runtimes that execute a network: OpenVINO, torch, or none."""
