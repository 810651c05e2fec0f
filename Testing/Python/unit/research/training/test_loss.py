# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from ICHSegmentationLib.core.subtypes import Subtype
from ICHSegmentationLib.research.training.data.clot import IGNORE
from ICHSegmentationLib.research.training.loss import DiceCrossEntropy, DiceFocal

LOSSES = [DiceCrossEntropy(), DiceFocal(), DiceCrossEntropy((1, 2, 2, 2, 2, 2)), DiceFocal(1.0, (1, 2, 2, 2, 2, 2))]


def random_logits(seed=3):
    return torch.randn((2, 6, 16, 16), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("loss", LOSSES)
def test_ignored_voxels_do_not_change_the_loss(loss):
    logits = random_logits()
    labels = torch.zeros((2, 1, 16, 16), dtype=torch.long)
    labels[:, :, :8, :8] = Subtype.IPH
    labels[:, :, 8:] = IGNORE
    changed = logits.clone()
    changed[:, :, 8:] += 5 * random_logits(4)[:, :, 8:]
    torch.testing.assert_close(loss(logits, labels), loss(changed, labels))


@pytest.mark.parametrize("loss", LOSSES)
def test_a_perfect_answer_has_hardly_any_loss(loss):
    labels = torch.arange(6).repeat_interleave(8).reshape(1, 1, 6, 8)
    logits = 30.0 * torch.nn.functional.one_hot(labels[:, 0], 6).permute(0, 3, 1, 2).float()
    assert float(loss(logits, labels)) < 1e-3


def test_focal_loss_with_exponent_0_is_the_cross_entropy():
    labels = torch.randint(0, 6, (2, 1, 16, 16), generator=torch.Generator().manual_seed(1))
    labels[:, :, 12:] = IGNORE
    torch.testing.assert_close(DiceFocal(0.0)(random_logits(), labels), DiceCrossEntropy()(random_logits(), labels))


def test_focal_loss_follows_its_equation():
    labels = torch.full((1, 1, 2, 2), int(Subtype.SDH))
    logits = torch.zeros((1, 6, 2, 2))
    dice = DiceFocal(0.0)(logits, labels) - torch.log(torch.tensor(6.0))
    expected = (1 - 1 / 6) ** 2 * torch.log(torch.tensor(6.0))
    torch.testing.assert_close(DiceFocal(2.0)(logits, labels) - dice, expected)


@pytest.mark.parametrize("loss", LOSSES)
def test_volumes_have_the_loss_of_their_slices_side_by_side(loss):
    logits = random_logits().reshape(2, 6, 4, 4, 16)
    labels = torch.randint(0, 6, (2, 1, 4, 4, 16), generator=torch.Generator().manual_seed(1))
    labels[..., 12:] = IGNORE
    torch.testing.assert_close(loss(logits, labels), loss(logits.flatten(2, 3), labels.flatten(2, 3)))
