# SPDX-License-Identifier: Apache-2.0
"""Public head-CT hemorrhage data sets, as they are downloaded, brought into nnU-Net's folder layout."""
