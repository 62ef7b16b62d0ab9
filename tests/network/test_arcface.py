import pytest
import torch

from ganvas.errors import AssetError
from ganvas.network.onnx import OnnxNetwork


@pytest.mark.assets
def test_the_network_agrees_with_onnxruntime():
    onnxruntime = pytest.importorskip("onnxruntime")
    from ganvas import assets
    from ganvas.network.arcface import arcface

    faces = torch.randn(2, 3, 112, 112, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)
    session = onnxruntime.InferenceSession(str(assets.path("insightface") / "w600k_mbf.onnx"))
    (wanted,) = session.run(None, {session.get_inputs()[0].name: faces.numpy()})
    assert torch.allclose(arcface()(faces), torch.from_numpy(wanted), atol=1e-3, rtol=1e-3)


@pytest.mark.assets
def test_identity_has_a_gradient_and_is_one_with_itself():
    from ganvas.network.arcface import identity_features

    images = torch.randn(1, 3, 128, 128).clamp(-1, 1).requires_grad_()
    features = identity_features(images)
    assert (features * features).sum().item() == pytest.approx(1, abs=1e-5)
    features.sum().backward()
    assert images.grad.abs().sum() > 0


def test_a_broken_file_is_one_line(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"\xff\xff\xff")
    with pytest.raises(AssetError, match=r"a\.onnx is not a readable ONNX file"):
        OnnxNetwork(tmp_path / "a.onnx")
