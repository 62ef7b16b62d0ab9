"""Every edit on a StyleGAN1, 2 and 3 of random weights, from files that their own code saves."""

import numpy as np
import pytest

from dissections import invented
from ganvas.api import run
from ganvas.checkpoint.from_file import StyleGAN3Config
from ganvas.config.groups import groups
from ganvas.errors import ConfigError
from ganvas.functional.images import to_uint8
from ganvas.generator.architecture import (
    StyleGAN1Architecture,
    StyleGAN2Architecture,
    StyleGAN3Architecture,
)
from ganvas.generator.random_weights import random_generator

MAPPING, CHANNELS = (8, 8), (8, 8, 6, 6, 4)
ARCHITECTURES = {
    "stylegan1": StyleGAN1Architecture(MAPPING, CHANNELS),
    "stylegan2": StyleGAN2Architecture(MAPPING, CHANNELS),
    "stylegan3": StyleGAN3Architecture(
        MAPPING, resolution=64, channel_base=256, channel_max=6, layers=6
    ),
}
NOISELESS = {"noise_only"}
"""The edits that are nothing but noise."""


@pytest.fixture
def file_of(writers, save):
    def write(family):
        generator = random_generator(ARCHITECTURES[family], seed=3)
        how = writers.tensorflow1 if family == "stylegan1" else writers.nvidia_pickle
        return save(how(generator.architecture, generator.state_dict()), name=family)

    return write


@pytest.fixture
def edit(tmp_path, file_of):
    def execute(family, name, *overrides):
        return run(
            [
                f"generator={family}", f"generator.checkpoint={file_of(family)}", f"edit={name}",
                "image=scribbled", "+image.z.path=ganvas:astronaut.png", "loss=pixel",
                "+loss.style.mse={_target_:ganvas.loss.MSE}", "metrics=pixel", "logger=none",
                "budget=preview", "budget.latent=2", "budget.noise=2", "budget.weights=2",
                "budget.frame_every=0",
                "trainer=cpu", "trainer.threads=1", f"output={tmp_path}", *overrides,
            ]
        )  # fmt: skip

    return execute


@pytest.mark.parametrize("family", sorted(ARCHITECTURES))
@pytest.mark.parametrize("name", sorted(groups()["edit"]))
def test_every_edit_runs(edit, family, name, capsys, tmp_path):
    if family == "stylegan3" and name in NOISELESS:
        with pytest.raises(ConfigError, match="stylegan3 has no noise maps: this edit opti"):
            edit(family, name)
        return
    generator = random_generator(ARCHITECTURES[family], seed=3)
    words = []
    if name == "encode":
        # The encoder that comes along is for another generator.
        words = ["start=random"]
    elif name.startswith("paint"):
        words = invented(generator, name, tmp_path / "dissection.safetensors")
    elif name == "basin_cma":
        words = ["start.count=4"]
    elif name == "repair":
        words = ["edit.stages.repair.units=2"]
    result = edit(family, name, *words)
    assert np.asarray(result.image("result")).shape == (64, 64, 3)
    assert result.status["state"] == "finished"
    assert result.status["step"] == result.status["total_steps"]
    assert (result.status["step"] > 0) == (name != "encode")
    assert result.metrics["final"]["psnr"] > 0
    optimised = [k for k, v in result.metrics["stages"].items() if v["steps"]]
    said = [line for line in capsys.readouterr().out.splitlines() if "no noise maps" in line]
    if family == "stylegan3":
        assert not result.embedding.noise
        assert not any(name == "n" or name.startswith("n_") for name in optimised)
        stages = result.config["edit"]["stages"].values()
        assert len(said) == sum("noise" in stage.get("optimise", {}) for stage in stages)
    else:
        assert result.embedding.noise
        assert not said


def test_what_is_skipped_is_told_and_does_not_count(edit, capsys):
    result = edit("stylegan3", "reconstruct")
    assert "stylegan3 has no noise maps: stage n is skipped" in capsys.readouterr().out
    assert list(result.metrics["stages"]) == ["w"]
    assert result.status["total_steps"] == 2
    joint = edit("stylegan3", "reconstruct_alternating")
    assert "stage wn goes on without them" in capsys.readouterr().out
    assert joint.metrics["stages"]["wn"]["steps"] == 4


def test_an_edited_stylegan3_renders_identically_from_its_file(edit, file_of):
    result = edit("stylegan3", "attribute_transfer")
    again = result.embedding.render(StyleGAN3Config(checkpoint=str(file_of("stylegan3"))).load())
    picture = to_uint8(again)[0].permute(1, 2, 0).numpy()
    assert np.array_equal(picture, np.asarray(result.image("result")))


@pytest.mark.parametrize("family", sorted(ARCHITECTURES))
def test_s_space_is_optimised_on_every_family(edit, family):
    result = edit(family, "reconstruct_w", "start.space=s", "budget.latent=6")
    generator = random_generator(ARCHITECTURES[family], seed=3)
    widths = [s.shape[1] for s in generator.styles(generator.broadcast(generator.w_avg[None]))]
    assert result.embedding.space == "s"
    assert result.embedding.latent.shape == (1, sum(widths))
    losses = [row["loss"][0] for row in result.curve]
    assert losses[-1] < losses[0]
