"""A run that blows up says so, at which step, and what to try."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.mark.parametrize(("kind", "stage"), [("latent", "w"), ("noise", "n")])
def test_divergence_is_named_with_its_step_and_a_remedy(kind, stage, ganvas_command, tiny):
    done = ganvas_command("run", *tiny, f"optimizer.{kind}.lr=1e30")
    assert done.code == 1
    last = done.err.strip().splitlines()[-1]
    assert f"stage {stage} diverged at step 1" in last
    assert f"optimizer.{kind}.lr=1e+30" in last
    assert "smaller" in last
    assert "JSON" not in done.err
    # What the image comes to is shown on the way, once.
    assert (done.out + done.err).count("it stops at step 0") == 1
    (log,) = Path().glob("outputs/*/*/run.log")
    assert "it stops at step 0" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "stage", "term"),
    [
        # Adam's update is the gradient over the root of its square: 0, for ever.
        (("loss.latent.mse.weight=4e29",), "w", "W_l.mse than 4e+29"),
        (("edit.stages.n.objective.Mk_n.weight=-3e33",), "n", "Mk_n.mse than 3e+33"),
        (
            ("optimizer=lbfgs", "loss.latent.mse.weight={value: 5e35}"),
            "w",
            "W_l.mse than 5e+35",
        ),
    ],
)
def test_what_overflows_before_anything_has_moved_is_blamed_on_a_weight(
    words, stage, term, ganvas_command, tiny
):
    done = ganvas_command("run", *tiny, *words)
    assert done.code == 1
    last = done.err.strip().splitlines()[-1]
    assert f"stage {stage} diverged at step 0" in last
    assert f"try a smaller weight of {term}" in last
    assert "learning rate" not in last


def test_one_photograph_that_diverges_late_keeps_its_best(tiny_run, monkeypatch):
    import torch

    from ganvas.stage.stage import Stage

    evaluate = Stage.evaluate

    def broken(self, part, step, **options):
        image, row = evaluate(self, part, step, **options)
        return image, row | {"loss": row["loss"] * (torch.nan if step >= 4 else 1)}

    monkeypatch.setattr(Stage, "evaluate", broken)
    run = tiny_run("budget.noise=0")
    assert run.state == "finished"
    assert run.curve[4]["loss"] == [None]
