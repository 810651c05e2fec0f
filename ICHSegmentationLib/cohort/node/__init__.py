# SPDX-License-Identifier: Apache-2.0
"""A DICOM node that receives studies, segments them and sends the results; off until it is configured."""
