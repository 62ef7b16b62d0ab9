"""`ganvas layers`: what there is to edit in a generator."""

import pytest

from ganvas.generator.tiny import TinyConfig


def test_every_layer_has_a_line(ganvas_command):
    done = ganvas_command("layers", "generator=tiny", "generator.resolution=16")
    assert done.code == 0
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[0] == ["layer", "resolution", "channels", "row", "noise", "map"]
    generator = TinyConfig(resolution=16).load()
    assert lines[1:-1] == [
        [layer.name, str(layer.resolution), "16", str(layer.row), str(layer.noise)]
        for layer in generator.layers
    ]
    # Five layers read rows 0 to 4, the last image reads row 5, and nothing reads row 6.
    assert done.out.splitlines()[-1] == (
        "tiny: 16×16, w+ of 7 rows of 32; for the input or the output alone: 5; without effect: 6"
    )


def test_a_generator_of_ones_own_is_listed(ganvas_command, tmp_path):
    folder = tmp_path / "mine" / "generator"
    folder.mkdir(parents=True)
    (folder / "small.yaml").write_text(
        "# A small one.\n_target_: ganvas.generator.tiny.TinyConfig\nresolution: 8\nchannels: 3\n"
    )
    done = ganvas_command("layers", "--config-dir", "mine", "generator=small")
    assert done.code == 0
    assert [line.split()[:3] for line in done.out.splitlines()[1:-1]] == [
        ["4x4.conv1", "4", "3"], ["8x8.conv0", "8", "3"], ["8x8.conv1", "8", "3"],
    ]  # fmt: skip


def test_overrides_stand_before_and_behind_flags(ganvas_command, tmp_path):
    (tmp_path / "mine").mkdir()
    expected = ganvas_command("layers", "generator=tiny", "generator.resolution=16").out
    words = ("generator=tiny", "--config-dir", "mine", "generator.resolution=16")
    assert ganvas_command("layers", *words).out == expected
    for wrong in ("me.png", "--size=3"):
        done = ganvas_command("layers", *words, wrong)
        assert (done.code, done.err.endswith(f"unrecognized arguments: {wrong}\n")) == (2, True)
    done = ganvas_command("render", "me.safetensors", "generator=tiny")
    assert (done.code, "unrecognized arguments: generator=tiny" in done.err) == (2, True)


@pytest.mark.parametrize(("words", "expected"), [
    (["mask=box"], "'mask=box' does not choose a generator"),
    (["generator=tinny"], "did you mean 'tiny'?"),
    (["--config-dir", "nowhere"], "no such folder of configurations: nowhere"),
])  # fmt: skip
def test_mistakes_are_one_line(ganvas_command, words, expected):
    done = ganvas_command("layers", *words)
    assert done.code == 2
    assert expected in done.complaint
