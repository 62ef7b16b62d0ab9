import pytest
from omegaconf import OmegaConf

from ganvas.config.compose import compose_job
from ganvas.errors import ConfigError
from ganvas.runner.job import validate
from ganvas.study.composer import Composer


@pytest.mark.parametrize(
    "words",
    [
        ["seed=3"],
        ["mask=box", "mask.left=0.1", "budget.latent=7", "seed=4"],
        ["~edit.stages.n", "edit.stages.w.steps=9"],
        ["~edit.stages.n", "seed=1"],
        ["+trainer.threads=2", "seed=1", "tags=[a,b]"],
        ["image=file", "image.x.path='a b.png'", "image.x.crop=[1,2,3,4]"],
        ["optimizer.latent.schedule={up: 0.2}", "optimizer.latent.schedule.down=0"],
        ["edit=inpaint", "budget=preview", "edit.masks.m_blur.sigma=0.5"],
        [
            "edit=permute",
            "edit.stages.I_att.change.tiles=4",
            "edit.stages.I_att.change={_target_: ganvas.edit.Ablate, units: [1]}",
            "edit.stages.I_att.change.units=[2]",
        ],
        ["edit=permute", "edit.stages.I_att.layers={_target_: ganvas.layers.All}"],
        ["seed=1", "++optimizer.latent={_target_: ganvas.stage.LBFGS, history: 3}"],
    ],
)
def test_equal_to_hydra(words):
    composer = Composer()
    composer.compose(["seed=9", *words[:-1]])
    expected, found = compose_job(words), composer.compose(words)
    assert OmegaConf.to_container(found.config) == OmegaConf.to_container(expected.config)
    assert found.choices == expected.choices
    assert found.overrides == expected.overrides


def test_values_do_not_leak_into_the_next_job():
    composer = Composer()
    assert composer.compose(["budget.latent=7"]).config.edit.stages.w.steps == 7
    assert composer.compose(["budget.noise=7"]).config.edit.stages.w.steps == 80


@pytest.mark.parametrize(
    "words",
    [
        ["image.x.path=me.jpg", "image.x.crop=[30,9,226,205]"],
        ["image.x.crop=none", "image.x.path=me.jpg"],
        ["image=pair", "image.x.path=ganvas:astronaut.png"],
        ["image=file", "image.x.path=me.jpg"],
        ["image.y={path: me.jpg, crop: [1,2,3,4]}"],
    ],
)
def test_a_crop_that_is_given_or_belongs_to_the_picture_is_kept(words):
    assert Composer().compose(words).config.image == compose_job(words).config.image


def test_a_crop_of_another_picture_is_refused_in_every_job():
    composer = Composer()
    composer.compose(["seed=1"])
    for words in (["image.x.path=me.jpg"], ["image.x.path=other.jpg", "seed=2"]):
        with pytest.raises(ConfigError, match=r"belongs to ganvas:astronaut\.png"):
            composer.compose(words)


def test_mistakes_are_explained():
    job = Composer().compose(["budget.latnt=7"])
    with pytest.raises(ConfigError, match=r"'budget\.latnt'; did you mean '(budget\.)?latent'"):
        validate(job.config)
