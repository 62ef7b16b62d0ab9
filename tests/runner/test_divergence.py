"""A run that blows up says so, at which step, and what to try."""

from __future__ import annotations

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
