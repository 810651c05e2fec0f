# SPDX-License-Identifier: Apache-2.0
"""``qt`` as PythonQt exposes it, built on PySide6."""
