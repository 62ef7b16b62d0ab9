"""Every option composes, is checked against its schema, and is documented."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from ganvas.command.help import option_fields, print_help, summary
from ganvas.config.compose import Resolver, compose_job, resolve
from ganvas.config.groups import NO_PART_OF_A_RUN, config_dir, groups
from ganvas.config.handover import closed_keys, open_keys
from ganvas.config.overrides import expand, lines
from ganvas.config.schema import build
from ganvas.errors import ConfigError, nearest
from ganvas.runner.job import validate

# The rest is tried where its command is: tests/study, tests/command/test_train.py, tests/dissect.
OPTIONS = [
    (group, option)
    for group, options in groups().items()
    for option in options
    if group not in NO_PART_OF_A_RUN
]


def configuration(*overrides: str):
    """Return a job's configuration, whose keys are attributes."""
    return OmegaConf.create(compose_job(overrides).config)


def lacking(group: str, option: str) -> list[str]:
    """Return values for what an option leaves to the user."""
    node = OmegaConf.load(groups()[group][option])
    found: list[str] = []

    def walk(node, key):
        if OmegaConf.is_dict(node):
            for name in node:
                if OmegaConf.is_missing(node, name):
                    found.append(f"{key}.{name}")
                elif not OmegaConf.is_interpolation(node, name):
                    walk(node[name], f"{key}.{name}")

    walk(node, group)
    return found


@pytest.mark.parametrize(("group", "option"), OPTIONS, ids=lambda v: v)
def test_option_composes_and_fits_its_schema(group, option):
    overrides = [f"{group}={option}"]
    missing = lacking(group, option)
    if missing:
        # Whatever has no default is asked for by name.
        with pytest.raises(ConfigError, match=rf"{missing[0]} must be given"):
            validate(compose_job(overrides).config)
        return
    validate(compose_job(overrides).config)


@pytest.mark.parametrize(("group", "option"), OPTIONS, ids=lambda v: v)
def test_option_has_a_summary_and_every_field_a_docstring(group, option):
    file = groups()[group][option]
    assert file.read_text(encoding="utf-8").startswith("# ")
    assert len(summary(file)) > 5
    if group in ("experiment", "ablation"):
        return
    for key, text in option_fields(file, group):
        assert text.partition(": ")[2].strip(), f"{group}={option}: {key} is not documented"


def test_help_shows_all_groups_options_and_fields(capsys):
    print_help([], [])
    out = capsys.readouterr().out
    for group, options in groups().items():
        assert f"\n{group}" in out
        for option in options:
            assert option in out
    assert "seed" in out
    print_help(["image"], [])
    out = capsys.readouterr().out
    # A line for each option.
    assert len(out.splitlines()) == len(groups()["image"])
    assert out.splitlines()[0].startswith("image=astronaut  The astronaut")
    print_help(["image=file"], [])
    out = capsys.readouterr().out
    # Brackets in a docstring are text, not markup.
    assert "[left, top, right, bottom]" in out
    assert "\n  image.x: Source." in out
    assert "\n    path  Path: A PNG" in out
    assert "image=astronaut" not in out


def test_help_shows_shared_fields_once(capsys):
    print_help(["edit=reconstruct"], [])
    out = capsys.readouterr().out
    assert "edit.stages.w, edit.stages.n: StageConfig." in out
    assert out.count("\n    optimise  ") == 1
    assert "steps  int = ${budget.latent} or ${budget.noise}:" in out
    print_help([], [], everything=True)
    out = capsys.readouterr().out
    for group, options in groups().items():
        for option in options:
            assert f"{group}={option}  " in out


def test_help_names_the_nearest_option():
    with pytest.raises(ConfigError, match="edit: no option 'reconstrct'; did you mean 'recons"):
        print_help(["edit=reconstrct"], [])


def test_an_option_has_the_fields_of_the_one_that_it_builds_on():
    fields = dict(option_fields(groups()["generator"]["stylegan2_ffhq"], "generator"))
    assert fields["generator.checkpoint"].startswith("str or null = https://nvlabs")
    mixed = dict(option_fields(groups()["mask"]["difference"], "mask"))
    assert mixed["mask.of.left"].startswith("float = 0.25")


def test_help_shows_what_an_option_sets():
    def fields(group, option):
        return dict(option_fields(groups()[group][option], group))

    assert fields("layers", "coarse")["layers.rows.high"].startswith("int or null = 8:")
    assert fields("layers", "coarse")["layers.rows.low"].startswith("int or null = null:")
    assert fields("layers", "coarse")["layers.rows"].startswith("Band:")
    betas = fields("optimizer", "adam")["optimizer.latent.betas"]
    assert betas.startswith("list of float = [0.9, 0.99]:")
    metrics = fields("metrics", "pixel")
    named = [key.removeprefix("metrics.") for key in metrics if key.count(".") == 1]
    assert named == ["psnr", "ssim", "w_distance", "psnr_resampled_noise"]
    assert metrics["metrics.psnr"] == "PSNR: Peak signal-to-noise ratio."
    assert metrics["metrics.psnr_resampled_noise.render"].startswith("result|resampled = resampled")
    assert fields("trainer", "auto")["trainer.progress"].startswith("bool = true:")
    # What must be given has no value, and what has fields of its own shows them.
    assert fields("image", "file")["image.x.path"].startswith("Path:")
    assert fields("mask", "paint")["mask.strokes"].startswith("list of Stroke:")


def test_a_mapping_with_a_target_takes_the_place_of_another():
    change = "edit.stages.I_att.change={_target_: ganvas.edit.Ablate, units: [1]}"
    config = configuration("edit=permute", change)
    assert config.edit.stages.I_att.change == {"_target_": "ganvas.edit.Ablate", "units": [1]}
    whole = "optimizer.latent={_target_: ganvas.optimizer.LBFGS, lr: 0.5}"
    config = configuration(whole, "optimizer.latent.history=3")
    expected = {"_target_": "ganvas.optimizer.LBFGS", "lr": 0.5, "history": 3}
    assert config.optimizer.latent == expected
    plain = compose_job([whole, "optimizer.latent.history=3"]).config
    assert build(validate(plain)).edit.stages["w"].optimise["latent"].history == 3
    # Where nothing was, and where a list was.
    layers = "edit.stages.I_att.layers={_target_: ganvas.layers.All}"
    early_stopping = (
        "edit.stages.w.early_stopping={_target_: ganvas.stage.EarlyStopping, patience: 3}"
    )
    config = configuration("edit=permute", layers, early_stopping)
    assert config.edit.stages.I_att.layers == {"_target_": "ganvas.layers.All"}
    assert config.edit.stages.w.early_stopping.patience == 3
    # Without a target it is merged, as always.
    config = configuration("optimizer.latent={lr: 0.5}")
    assert (config.optimizer.latent.lr, config.optimizer.latent.betas) == (0.5, [0.9, 0.99])


def test_a_mapping_takes_the_place_of_an_option():
    whole = "mask={_target_: ganvas.mask.Box, left: 0.1}"
    expected = {"_target_": "ganvas.mask.Box", "left": 0.1}
    for words in ([whole], ["mask=ellipse", whole], ["edit=blend", whole]):
        assert configuration(*words).mask == expected
        assert compose_job(words).config["mask"] == expected
    assert configuration("mask=box", "mask={left: 0.1}").mask == expected | {
        "top": 0.25, "right": 0.75, "bottom": 0.75,
    }  # fmt: skip


def test_open_keys_are_closed_again():
    words = (
        "seed=1", "a.b={_target_: x, c: 1}", "a.b.c=2", "d=null", "d={e: 1}", "f=null",
        "mask={_target_: x}", "loss={latent: {}}",
    )  # fmt: skip
    opened = open_keys(words, groups())
    assert opened == [
        "++seed=1", "++a.b=null", "++a.b={_target_: x, c: 1}", "++a.b.c=2", "++d=null",
        "++d={e: 1}", "++f=null", "~mask", "++mask={_target_: x}", "++loss={latent: {}}",
    ]  # fmt: skip
    assert closed_keys(opened) == words


def test_the_command_line_and_a_sweep_replace_too(ganvas_command, tiny):
    change = "edit.stages.I_att.change={_target_: ganvas.edit.Ablate, units: [1]}"
    other = "{_target_: ganvas.edit.CopyChannels, channels: [2]}"
    mask = "mask={_target_: ganvas.mask.Box, left: 0.1}"
    done = ganvas_command("run", "-m", *tiny, "edit=permute", f"{change},{other}", mask)
    assert done.code == 0, done.err
    found = [OmegaConf.load(file) for file in Path("outputs").glob("*/*/config.yaml")]
    assert all(c.mask == {"_target_": "ganvas.mask.Box", "left": 0.1} for c in found)
    changes = [OmegaConf.to_container(c.edit.stages.I_att.change) for c in found]
    assert sorted(changes, key=str) == [
        {"_target_": "ganvas.edit.Ablate", "units": [1]},
        {"_target_": "ganvas.edit.CopyChannels", "channels": [2]},
    ]
    (noted,) = [
        f
        for f in Path("outputs").glob("*/*/overrides.yaml")
        if "Ablate" in f.read_text(encoding="utf-8")
    ]
    assert len(OmegaConf.load(noted).overrides) == len(tiny) + 3


def test_a_field_at_its_default_can_be_set_without_a_plus():
    config = configuration("trainer.threads=3", "mask=box", "generator=tiny")
    assert config.trainer.threads == 3
    plain = OmegaConf.to_container(config)
    assert build(validate(plain)).trainer.threads == 3


def test_a_mapping_with_a_target_takes_the_place_of_a_groups_option():
    box = {"_target_": "ganvas.mask.Box", "left": 0.2}
    words = ["experiment=inpainting_truth", "mask={_target_: ganvas.mask.Box, left: 0.2}"]
    for more in ([], ["+tags=[a]", "~metrics.ssim"]):
        job = Resolver().compose([*words, *more])
        assert (job.config["mask"], "mask" in job.choices) == (box, False)
    first, second = resolve(["mask={_target_: ganvas.mask.Box, left: 0.2},half"])
    assert first.config["mask"] == box
    assert second.choices["mask"] == "half"
    # The later one counts, as of two options.
    assert compose_job([words[1], "mask=half"]).choices["mask"] == "half"
    assert compose_job(["mask=half", words[1]]).config["mask"] == box
    assert open_keys([words[1], "seed=1", "mask=half"], groups()) == ["++seed=1", "mask=half"]
    assert open_keys(["mask=half", words[1]], groups()) == ["~mask", f"++{words[1]}"]
    # What has no target is merged, into whatever is chosen.
    merged = compose_job(["mask=box", "mask={left: 0.2}"])
    assert merged.config["mask"] == compose_job(["mask=box", "mask.left=0.2"]).config["mask"]
    assert merged.choices["mask"] == "box"
    # Hydra's own launch path does the same.
    opened = open_keys(["seed=1", words[1], "mask.top=0.1"], groups())
    assert opened == ["++seed=1", "~mask", f"++{words[1]}", "++mask.top=0.1"]
    assert closed_keys(opened) == ("seed=1", words[1], "mask.top=0.1")
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        assert compose("config", overrides=opened).mask == {**box, "top": 0.1}


def test_open_keys_leaves_choices_and_hydras_own_keys():
    words = ["mask=box", "seed=1", "+a=1", "~edit.stages.n", "hydra.verbose=true", "++b=2"]
    assert open_keys(words, groups()) == [
        "mask=box", "++seed=1", "+a=1", "~edit.stages.n", "hydra.verbose=true", "++b=2",
    ]  # fmt: skip


def test_expand_is_the_product():
    jobs = [lines(job) for job in expand(["seed=1,2", "mask=full,box", "study=a"])]
    assert jobs == [(f"seed={s}", f"mask={m}", "study=a") for s in (1, 2) for m in ("full", "box")]
    seeds = ["seed=0", "seed=1", "seed=2"]
    assert [lines(j)[0] for j in expand(["seed=range(3)"])] == seeds
    assert ("budget=quick",) in map(lines, expand(["budget=glob(*)"]))


def test_a_stage_can_be_left_out():
    experiment = build(validate(compose_job(["~edit.stages.n", "generator=tiny"]).config))
    assert list(experiment.edit.stages) == ["w"]


def test_composition_leaves_hydra_as_it_was():
    from hydra.core.global_hydra import GlobalHydra

    before = GlobalHydra.instance().hydra
    compose_job(["generator=tiny"])
    with pytest.raises(ConfigError):
        compose_job(["mask=nowhere"])
    assert GlobalHydra.instance().hydra is before


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "mask").mkdir()
    (tmp_path / "mask" / "mine.yaml").write_text(
        "# A mask of my own.\n_target_: corner_mask.Corner\nsize: 0.5\n"
    )
    (tmp_path / "corner_mask.py").write_text(
        "from dataclasses import dataclass\n"
        "from ganvas.mask import Full\n"
        "@dataclass(frozen=True)\n"
        "class Corner(Full):\n"
        '    """A corner.\n\n    Attributes:\n        size: Its size.\n    """\n\n'
        "    size: float = 0.25\n"
    )
    return tmp_path


def test_a_users_own_option(ganvas_command, tiny, own):
    words = ("run", "--config-dir", str(own), *tiny, "mask=mine")
    done = ganvas_command(*words, "mask.size=0.75")
    assert done.code == 0, done.err
    (config,) = Path("outputs").glob("*/*/config.yaml")
    assert OmegaConf.load(config).mask == {"_target_": "corner_mask.Corner", "size": 0.75}
    bad = ganvas_command(*words, "mask.sise=0.75")
    assert bad.code == 2
    assert "did you mean 'size'" in bad.complaint
    bad = ganvas_command(*words[:-1], "mask=mne")
    assert bad.code == 2
    assert "did you mean 'mine'" in bad.complaint
    shown = ganvas_command("run", "--config-dir", str(own), "--help", "mask", "mask=mine")
    assert "mask=mine  A mask of my own." in shown.out
    assert "\n    size  float = 0.5: Its size." in shown.out


def test_a_users_own_folder_from_python(tiny, own, monkeypatch):
    import ganvas

    monkeypatch.chdir(own)
    result = ganvas.run([*tiny, "mask=mine"], config_dir=own)
    assert result.config["mask"]["size"] == 0.5


def test_cfg_job_shows_the_configuration(ganvas_command, tiny):
    done = ganvas_command("run", "--cfg", "job", *tiny, "seed=5")
    assert done.code == 0
    assert "seed: 5" in done.out
    assert not Path("outputs").exists()


def test_nearest():
    assert nearest("stpes", ["steps", "terms"]) == "; did you mean 'steps'?"
    assert nearest("qqq", [str(i) for i in range(30)]).endswith(", …")
    assert nearest("a", []) == ""


def test_the_checkouts_conf_is_found():
    assert (config_dir() / "config.yaml").is_file()
