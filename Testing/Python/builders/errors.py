# SPDX-License-Identifier: Apache-2.0
"""Expect an error by its class, code and parameters instead of its wording."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def raises(kind: type[Exception], code: str, **parameters: Any) -> Iterator[pytest.ExceptionInfo]:
    """Expect an error of exactly this class with a message of the catalogue; parameters not given are not compared."""
    with pytest.raises(kind) as caught:
        yield caught
    assert caught.type is kind
    sentence = caught.value.args[0]
    assert (sentence.code, {name: sentence.parameters.get(name) for name in parameters}) == (code, parameters)


@contextmanager
def raises_invalid(code: str, **parameters: Any) -> Iterator[pytest.ExceptionInfo]:
    """Expect that pydantic refuses a value for a reason of our own: one of the catalogue, raised by a validator."""
    with pytest.raises(ValidationError) as caught:
        yield caught
    sentence = caught.value.errors()[0]["ctx"]["error"].args[0]
    assert (sentence.code, {name: sentence.parameters.get(name) for name in parameters}) == (code, parameters)
