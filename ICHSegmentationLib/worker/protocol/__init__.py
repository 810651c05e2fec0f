# SPDX-License-Identifier: Apache-2.0
"""Messages, arrays and log that host and worker exchange."""
