# SPDX-License-Identifier: Apache-2.0
"""``qt`` as PythonQt shows it, over PySide6."""
