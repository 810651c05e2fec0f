# SPDX-License-Identifier: Apache-2.0
"""Messages, arrays and log that client and worker exchange."""
