# SPDX-License-Identifier: Apache-2.0
"""Export of cases: record, tables, report and DICOM; every writer is atomic."""
