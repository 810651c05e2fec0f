# SPDX-License-Identifier: Apache-2.0
"""The catalogue of messages fits the code that uses it."""

from __future__ import annotations

import ast
import pickle
import pkgutil
import string
from importlib import import_module
from pathlib import Path

import pytest

import ICHSegmentationLib
from ICHSegmentationLib.core import messages
from ICHSegmentationLib.core.errors import InputError
from ICHSegmentationLib.core.messages import message

_PACKAGE = Path(ICHSegmentationLib.__file__).parent
_PANEL = _PACKAGE.parent / "ICHSegmentation"


def _catalogue() -> dict[str, str]:
    modules = [module.name for module in pkgutil.iter_modules(messages.__path__)]
    return {
        f"{name}.{key}": text
        for name in modules
        for key, text in import_module(f"{messages.__name__}.{name}").MESSAGES.items()
    }


def _calls() -> list[tuple[str, int, ast.Call]]:
    found = []
    for folder in (_PACKAGE, _PANEL):
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "message":
                    found.append((path.relative_to(_PACKAGE.parent).as_posix(), node.lineno, node))
    return found


def _fields(template: str) -> set[str]:
    names = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    return {name.replace("[", ".").partition(".")[0] for name in names}


CATALOGUE = _catalogue()
CALLS = _calls()


def test_calls_are_found():
    assert len(CALLS) >= 1
    assert len(CATALOGUE) >= 1


@pytest.mark.parametrize(("path", "line", "call"), CALLS, ids=[f"{path}:{line}" for path, line, _ in CALLS])
def test_a_call_names_a_message_and_passes_its_values(path, line, call):
    (code,) = call.args
    assert isinstance(code, ast.Constant), f"{path}:{line}: the code is a literal, so that it can be searched for"
    keywords = {keyword.arg for keyword in call.keywords}
    assert None not in keywords, f"{path}:{line}: values are passed by name"
    assert keywords == _fields(CATALOGUE[code.value])


def test_every_message_is_used():
    used = {call.args[0].value for _, _, call in CALLS}
    assert set(CATALOGUE) - used == set()


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_message_is_a_sentence(code):
    text = CATALOGUE[code]
    assert text[0].isupper() or text[0] in "{`'"
    assert text.rstrip()[-1] in ".?:" or text.endswith("}"), text


def test_a_message_keeps_code_and_values_through_errors_and_pickling():
    sentence = message("core.label_map_shape", expected=(1, 2, 3), dtype="int8", shape=(3, 2, 1))
    error = pickle.loads(pickle.dumps(InputError(sentence)))
    assert str(error) == "A label map is uint8 of shape (1, 2, 3), not int8 of shape (3, 2, 1)."
    assert error.code == "core.label_map_shape"
    assert error.parameters == {"expected": (1, 2, 3), "dtype": "int8", "shape": (3, 2, 1)}


def test_missing_and_unused_values_are_refused():
    with pytest.raises(KeyError):
        message("core.label_map_shape", expected=(1, 2, 3))
    with pytest.raises(TypeError, match=r"core\.label_map_shape does not use spacing"):
        message("core.label_map_shape", expected=1, dtype=2, shape=3, spacing=4)


def test_an_error_without_a_message_of_the_catalogue_has_no_code():
    assert (InputError("text").code, InputError().code, dict(InputError().parameters)) == ("", "", {})
