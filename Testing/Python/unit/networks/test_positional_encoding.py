# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
import torch

from ICHSegmentationLib.networks.blocks.positional_encoding import positional_encoding


def test_quarters_hold_sine_and_cosine_of_row_and_column():
    code = positional_encoding(torch.zeros(1, 8, 4, 5))

    token = code[0, :, 3, 2]
    row, column = [3.0, 3.0 / 100.0], [2.0, 2.0 / 100.0]
    expected = [f(angle) for angles in (row, column) for f in (math.sin, math.cos) for angle in angles]
    assert token.tolist() == pytest.approx(expected, abs=1e-6)


def test_every_token_has_its_own_code():
    code = positional_encoding(torch.zeros(1, 64, 9, 13))[0].flatten(1).T

    distances = torch.cdist(code, code)
    distances.fill_diagonal_(math.inf)
    assert distances.min() > 0.5


def test_code_of_a_token_depends_neither_on_the_batch_nor_on_the_size_of_the_grid():
    small = positional_encoding(torch.rand(7, 32, 4, 4))
    large = positional_encoding(torch.rand(1, 32, 16, 11))

    assert small.shape == (1, 32, 4, 4)
    torch.testing.assert_close(large[:, :, :4, :4], small, rtol=0, atol=0)


def test_code_has_the_type_of_the_features():
    assert positional_encoding(torch.zeros(1, 8, 2, 2, dtype=torch.bfloat16)).dtype == torch.bfloat16
