# SPDX-License-Identifier: Apache-2.0
"""Catalogue of the errors and warnings that users read, each with a code.

The messages of a package are in the module of the same name: ``io.py`` contains ``"no_slices"``, whose code is
``io.no_slices``. Callers pass values; their format is part of the message.
"""

from __future__ import annotations

from importlib import import_module
from string import Formatter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Message", "message"]


class Message(str):
    """Message of the catalogue, filled with values; a str with code and parameters.

    Attributes
    ----------
    code : str
        Package and name, such as ``io.no_slices``.
    parameters : mapping of str to object
        Values inserted into the message.
    """

    code: str
    parameters: Mapping[str, Any]

    def __new__(cls, text: str, code: str = "", parameters: Mapping[str, Any] | None = None) -> Self:
        """Create a message from its filled text."""
        self = super().__new__(cls, text)
        self.code = code
        self.parameters = MappingProxyType(dict(parameters or {}))
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, dict[str, Any]]]:
        """Support pickling, which sends messages between processes."""
        return type(self), (str(self), self.code, dict(self.parameters))


def message(code: str, /, **parameters: Any) -> Message:
    """Return a message of the catalogue, filled with values.

    Parameters
    ----------
    code : str
        Package and name, such as ``io.no_slices``.
    **parameters
        Value of each field of the message.

    Raises
    ------
    KeyError
        If the code is unknown or a value is missing.
    TypeError
        If the message has no field for a value.

    Examples
    --------
    >>> message("core.label_map_shape", expected=(2, 3, 3), dtype="int16", shape=(2, 3, 4))
    'A label map is uint8 of shape (2, 3, 3), not int16 of shape (2, 3, 4).'
    """
    package, _, name = code.partition(".")
    template: str = import_module(f"{__name__}.{package}").MESSAGES[name]
    return Message(_StrictFormatter(code).vformat(template, (), parameters), code, parameters)


class _StrictFormatter(Formatter):
    def __init__(self, code: str) -> None:
        self._code = code

    def check_unused_args(
        self,
        used_args: set[int | str],
        args: Sequence[Any],  # noqa: ARG002
        kwargs: Mapping[str, Any],
    ) -> None:
        unused = sorted(set(kwargs) - used_args)
        if unused:
            detail = f"{self._code} does not use {', '.join(unused)}"
            raise TypeError(detail)
