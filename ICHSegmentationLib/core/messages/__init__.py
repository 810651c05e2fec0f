# SPDX-License-Identifier: Apache-2.0
"""The catalogue of the sentences that users read: errors and warnings, each with a code.

The sentences of one package stand in the module of this package that bears its name: ``io.py`` holds
``"no_slices"``, which code names as ``io.no_slices``. Callers pass values; how they are written stands in the sentence.
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
    """A sentence of the catalogue, usable as a string.

    Attributes
    ----------
    code : str
        Package and name, as ``io.no_slices``.
    parameters : mapping of str to object
        Values that the sentence was filled with.
    """

    code: str
    parameters: Mapping[str, Any]

    def __new__(cls, text: str, code: str = "", parameters: Mapping[str, Any] | None = None) -> Self:
        """Attach code and parameters to a text."""
        self = super().__new__(cls, text)
        self.code = code
        self.parameters = MappingProxyType(dict(parameters or {}))
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, dict[str, Any]]]:
        """Support pickling: messages travel between processes."""
        return type(self), (str(self), self.code, dict(self.parameters))


def message(code: str, /, **parameters: Any) -> Message:
    """Return a sentence of the catalogue, filled with values.

    Parameters
    ----------
    code : str
        Package and name, as ``io.no_slices``.
    **parameters
        The sentence's values; it needs exactly those that it names.

    Raises
    ------
    KeyError
        If the catalogue has no such code, or a value is missing.
    TypeError
        If a value is not used by the sentence.

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
