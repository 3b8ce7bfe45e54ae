import pytest
import torch
from torch.nn import functional as F

from gsdmc.model.node_norm import EPSILON, GROUPS, NodeGroupNorm


def norm_with_random_weights(width: int, *, silu: bool) -> NodeGroupNorm:
    norm = NodeGroupNorm(width, silu=silu).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        norm.weight.normal_(generator=generator)
        norm.bias.normal_(generator=generator)
    return norm


@pytest.mark.parametrize("silu", [False, True])
@pytest.mark.parametrize(("batch", "nodes", "width"), [(3, 17, 64), (1, 1, 64), (2, 5, 32), (0, 4, 64)])
def test_agrees_with_torch_in_value_and_gradients(silu: bool, batch: int, nodes: int, width: int) -> None:
    norm = norm_with_random_weights(width, silu=silu)
    generator = torch.Generator().manual_seed(2)
    x = 3 + 2 * torch.randn(batch, nodes, width, dtype=torch.float64, generator=generator)
    x.requires_grad_()
    towards = torch.randn(batch, nodes, width, dtype=torch.float64, generator=generator)

    ours = norm(x)
    plain = F.group_norm(x.transpose(1, 2), GROUPS, norm.weight, norm.bias, EPSILON).transpose(1, 2)
    theirs = F.silu(plain) if silu else plain
    inputs = (x, norm.weight, norm.bias)

    torch.testing.assert_close(ours, theirs)
    for a, b in zip(
        torch.autograd.grad(ours, inputs, towards), torch.autograd.grad(theirs, inputs, towards), strict=True
    ):
        torch.testing.assert_close(a, b)


def test_a_far_mean_costs_no_precision() -> None:
    x = 1000 + torch.randn(2, 50, 64, generator=torch.Generator().manual_seed(3))
    exact = F.group_norm(x.double().transpose(1, 2), GROUPS, eps=EPSILON).transpose(1, 2)
    assert (NodeGroupNorm(64)(x) - exact).abs().max() < 2e-3  # float32 holds 1000 + x to 6e-5


def test_sixteen_bit_input_is_normalised_in_float32() -> None:
    x = torch.randn(2, 50, 64, generator=torch.Generator().manual_seed(3)).bfloat16()
    assert torch.equal(NodeGroupNorm(64)(x), NodeGroupNorm(64)(x.float()))
