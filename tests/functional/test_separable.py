from itertools import product

import pytest
import torch
from torch.nn import functional as F

from ganvas.functional.separable import separable_layer


def parts(dtype=torch.float64):
    rng = torch.Generator().manual_seed(0)

    def normal(*shape):
        return torch.randn(*shape, generator=rng, dtype=dtype)

    variables = normal(2, 6, 4, 5), normal(2, 6), normal(2, 1, 4, 5)
    constants = normal(6, 1, 3, 3), normal(7, 6, 1, 1), normal(7)
    return variables, constants


def plain(x, style, noise, depthwise, pointwise, bias, slope=0.2):
    y = F.conv2d(x * style[:, :, None, None], depthwise, padding=1, groups=x.shape[1])
    return F.leaky_relu(F.conv2d(y, pointwise) + noise + bias[:, None, None], slope)


def test_value_is_that_of_plain_operations():
    variables, constants = parts()
    torch.testing.assert_close(
        separable_layer(*variables, *constants), plain(*variables, *constants)
    )


@pytest.mark.parametrize("wanted", [w for w in product([False, True], repeat=6) if any(w)])
def test_gradients_of_every_choice_of_variables(wanted):
    inputs = [v for group in parts() for v in group]
    ours = [v.clone().requires_grad_(g) for v, g in zip(inputs, wanted, strict=True)]
    theirs = [v.clone().requires_grad_(g) for v, g in zip(inputs, wanted, strict=True)]
    weight = torch.randn(2, 7, 4, 5, dtype=torch.float64)
    (separable_layer(*ours) * weight).sum().backward()
    (plain(*theirs) * weight).sum().backward()
    for a, b in zip(ours, theirs, strict=True):
        assert (a.grad is None) == (b.grad is None)
        if a.grad is not None:
            torch.testing.assert_close(a.grad, b.grad)


def test_layout_of_the_input_does_not_change_a_bit():
    (x, *others), constants = parts(torch.float32)
    a = separable_layer(x.contiguous(), *others, *constants)
    b = separable_layer(x.contiguous(memory_format=torch.channels_last), *others, *constants)
    assert torch.equal(a, b)


def test_a_zero_style_has_a_finite_gradient():
    (x, style, noise), constants = parts()
    style = torch.zeros_like(style).requires_grad_()
    separable_layer(x, style, noise, *constants).square().sum().backward()
    assert style.grad.isfinite().all()
    assert style.grad.abs().max() > 0


def test_reduced_precision_flows_through():
    variables, constants = parts(torch.float32)
    constants = [c.requires_grad_() for c in constants]
    x = variables[0].bfloat16().requires_grad_()
    style = variables[1].clone().requires_grad_()
    y = separable_layer(x, style, variables[2], *constants)
    y.float().square().sum().backward()
    assert y.dtype == x.grad.dtype == torch.bfloat16
    assert style.grad.dtype == torch.float32
    expected = plain(*variables, *constants)
    torch.testing.assert_close(y.float(), expected, rtol=0.05, atol=0.2)
    exact = torch.autograd.grad(expected.square().sum(), constants)
    for constant, theirs in zip(constants, exact, strict=True):
        assert constant.grad.dtype == torch.float32
        assert (constant.grad - theirs).norm() < 0.05 * theirs.norm()


@pytest.mark.parametrize("shape", [(1, 3, 2, 4, 4), (3, 2, 5, 5, 3), (2, 1, 1, 1, 6)])
def test_gradients_are_differences_also_of_strided_inputs(shape):
    batch, inputs, outputs, height, width = shape
    rng = torch.Generator().manual_seed(0)

    def normal(*size):
        return torch.randn(size, generator=rng, dtype=torch.float64)

    x = normal(batch, height, width, inputs).permute(0, 3, 1, 2)
    style = normal(2 * batch, inputs)[::2]
    noise = normal(batch, 1, width, height).transpose(2, 3)
    weights = normal(inputs, 1, 3, 3), normal(outputs, inputs, 1, 1), normal(outputs)
    variables = [v.detach().requires_grad_() for v in (x, style, noise, *weights)]
    assert torch.autograd.gradcheck(separable_layer, variables)
    # A gradient of another layout.
    assert torch.autograd.gradcheck(lambda *v: separable_layer(*v).contiguous() ** 2, variables)
