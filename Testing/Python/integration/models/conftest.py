# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of models."""

from __future__ import annotations

from builders.model_fixtures import (  # noqa: F401
    a_filled_cache,
    a_model,
    a_models_folder,
    an_empty_cache,
    some_images,
)
