import numpy as np
import pytest
import torch
from torch.nn import functional as F

from ganvas.checkpoint.from_file import MobileStyleGANConfig
from ganvas.checkpoint.generator_file import save_generator
from ganvas.generator.mobilestylegan import MobileStyleGAN

EFFECTIVE = (0, 1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20, 21)


@pytest.fixture(scope="module")
def small():
    """The architecture at 32², with random weights."""
    rng = torch.Generator().manual_seed(0)
    generator = MobileStyleGAN(channels=(16, 16, 8), w_dim=12, depth=2)
    for name, buffer in generator.named_buffers():
        scale = 0.3 if name.endswith(("weight", "pointwise", "depthwise")) else 1.0
        buffer.copy_(torch.randn(buffer.shape, generator=rng) * scale)
    return generator.eval()


@pytest.fixture
def inputs(small):
    rng = torch.Generator().manual_seed(1)
    return torch.randn(2, small.rows, 12, generator=rng), small.sample_noise(2, rng)


def plain_image(g, w, noise):
    """The network written down once more, from its description, with plain operations."""

    def affine(layer, row):
        return (w[:, row] @ layer.weight.T + layer.bias)[:, :, None, None]

    def up(x):
        bands = x.chunk(4, dim=1)
        kernels = [(1, 1, 1, 1), (1, 1, -1, -1), (1, -1, 1, -1), (1, -1, -1, 1)]
        count = bands[0].shape[1]
        return sum(
            F.conv_transpose2d(
                band,
                torch.tensor(kernel).view(1, 1, 2, 2).repeat(count, 1, 1, 1) / 2.0,
                stride=2,
                groups=count,
            )
            for band, kernel in zip(bands, kernels, strict=True)
        )

    def after(y, layer, n):
        return F.leaky_relu(y + n * layer.noise_strength + layer.bias[:, None, None], 0.2)

    x = g.stem.const * affine(g.stem.affine, 0)
    x = after(F.conv2d(x, g.stem.weight, padding=1), g.stem, noise[0])
    for i, block in enumerate(g.blocks):
        x = up(x * affine(block.up.affine, 3 * i + 1))
        for k, layer in ((1, block.conv1), (2, block.conv2)):
            x = x * affine(layer.affine, 3 * i + k)
            x = F.conv2d(x, layer.depthwise, padding=1, groups=x.shape[1])
            x = after(F.conv2d(x, layer.pointwise), layer, noise[2 * i + k])
    x = x * affine(g.to_image.affine, 3 * len(g.blocks))
    return up(F.conv2d(x, g.to_image.weight, g.to_image.bias))


def test_the_image_is_that_of_plain_operations(small, inputs):
    torch.testing.assert_close(small(*inputs), plain_image(small, *inputs), rtol=1e-4, atol=1e-4)


def test_gradients_are_those_of_plain_operations(small, inputs):
    def gradients(draw):
        w = inputs[0].clone().requires_grad_()
        noise = [n.clone().requires_grad_() for n in inputs[1]]
        draw(w, noise).square().mean().backward()
        return [w.grad, *(n.grad for n in noise)]

    ours = gradients(small)
    theirs = gradients(lambda w, noise: plain_image(small, w, noise))
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4 * b.abs().max().item())


def test_layers_of_the_small_one(small):
    assert [layer.name for layer in small.layers] == [
        "4x4.conv",
        "8x8.conv1",
        "8x8.conv2",
        "16x16.conv1",
        "16x16.conv2",
    ]
    assert [layer.row for layer in small.layers] == [0, 1, 2, 4, 5]
    assert [layer.channels for layer in small.layers] == [16, 16, 16, 8, 8]
    assert small.resolution == 32
    assert small.effective_rows == (0, 1, 2, 4, 5, 6)


def test_running_from_any_layers_activation_equals_the_full_run(small, inputs):
    full = small(*inputs)
    states = small.activations(*inputs, [layer.name for layer in small.layers])
    for layer in small.layers:
        state = states[layer.name]
        assert state.features.shape == (2, layer.channels, layer.resolution, layer.resolution)
        assert torch.equal(small(*inputs, resume=(layer.name, state)), full)


def test_styles_are_one_per_affine_layer(small, inputs):
    styles = small.styles(inputs[0])
    assert [s.shape[1] for s in styles] == [16, 16, 4, 16, 16, 4, 8, 8]
    assert torch.equal(small.synthesis(styles, inputs[1]), small(*inputs))


def test_a_saved_generator_draws_the_same_image(small, inputs, tmp_path):
    save_generator(small, tmp_path / "g.safetensors")
    again = MobileStyleGANConfig(checkpoint=tmp_path / "g.safetensors").load()
    assert torch.equal(again(*inputs), small(*inputs))


def test_making_the_option_does_no_work(tmp_path):
    assert MobileStyleGANConfig(checkpoint=tmp_path / "absent.safetensors").checkpoint is not None


@pytest.fixture(scope="module")
def ffhq():
    return MobileStyleGANConfig().load()


@pytest.mark.assets
def test_facts_of_the_published_network(ffhq):
    assert ffhq.resolution == 1024
    assert ffhq.rows == 23
    assert ffhq.effective_rows == EFFECTIVE
    assert len(ffhq.layers) == 15
    assert ffhq.noise_resolutions == tuple(4 * 2 ** ((i + 1) // 2) for i in range(15))
    stored = ffhq.fixed_noise()
    for n in stored:
        torch.testing.assert_close(n.std(correction=0).item(), 1.0, rtol=1e-4, atol=1e-4)
    strengths = [float(ffhq._conv(i).noise_strength) for i in range(15)]
    assert 0.00005 < min(strengths) < max(strengths) < 0.26


@pytest.mark.assets
@pytest.mark.slow
def test_gradients_reach_the_effective_rows_and_all_noise_maps(ffhq):
    w = ffhq.broadcast(ffhq.w_avg[None]).requires_grad_()
    noise = [n.requires_grad_() for n in ffhq.fixed_noise()]
    ffhq(w, noise).square().mean().backward()
    moved = w.grad[0].abs().amax(dim=1) > 0
    assert tuple(moved.nonzero().flatten().tolist()) == EFFECTIVE
    assert all(n.grad.abs().max() > 0 for n in noise)


@pytest.mark.assets
@pytest.mark.slow
def test_running_from_an_activation_of_the_published_network(ffhq):
    w = ffhq.broadcast(ffhq.sample_w(1, torch.Generator().manual_seed(0)))
    noise = ffhq.fixed_noise()
    names = ["4x4.conv", "32x32.conv1", "512x512.conv2"]
    with torch.no_grad():
        full = ffhq(w, noise)
        for name, state in ffhq.activations(w, noise, names).items():
            assert torch.equal(ffhq(w, noise, resume=(name, state)), full)


@pytest.mark.assets
def test_mean_w_is_that_of_the_mapping_network(ffhq):
    z = torch.from_numpy(np.random.default_rng(0).standard_normal((10_000, 512)))
    with torch.no_grad():
        mean = ffhq.mapping(z.float()).mean(dim=0)
    torch.testing.assert_close(mean, ffhq.w_avg, rtol=1e-4, atol=1e-5)


@pytest.mark.assets
@pytest.mark.slow
def test_agrees_with_openvino_on_the_original_files(ffhq, tmp_path):
    openvino = pytest.importorskip("openvino")
    from ganvas.assets import cache_folder
    from ganvas.assets.archive import Archive
    from ganvas.assets.table import ASSETS

    asset = ASSETS["mobilestylegan_ffhq"]
    for name, content in Archive(asset, cache_folder() / "downloads" / asset.archive).members():
        (tmp_path / name).write_bytes(content)
    core = openvino.Core()

    def original(name, x):
        model = core.read_model(tmp_path / f"{name}.xml")
        run = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        return torch.from_numpy(run([x.numpy()])[run.output(0)])

    z = torch.randn(1, 512, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        w = ffhq.mapping(z)
        image = ffhq(ffhq.broadcast(w), ffhq.fixed_noise())
    torch.testing.assert_close(w, original("MappingNetwork", z), rtol=0, atol=1e-4)
    torch.testing.assert_close(image, original("SynthesisNetwork", w), rtol=0, atol=1e-4)
