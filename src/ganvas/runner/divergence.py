"""What a run says when its optimisation blows up."""

from __future__ import annotations

from ganvas.errors import RunError
from ganvas.stage import Descent
from ganvas.stage.stage import Stage


def require_progress(name: str, stage: Stage) -> None:
    """Refuse a stage of which every image diverged before it was better than its start.

    Raises:
        RunError: It says at which step, and what to try.
    """
    watch = stage.watch
    if bool(watch.alive.any()) or int(watch.best_step.max()) > 0:
        return
    rates = ", ".join(
        f"optimizer.{variable}.lr={o.lr:g}"
        for variable, o in stage.config.optimise.items()
        if isinstance(o, Descent)
    )
    remedy = f"; try a smaller learning rate than {rates}" if rates else ""
    raise RunError(
        f"stage {name} diverged at step {int(watch.died.min())}: loss, gradient or variables are "
        f"not finite{remedy}"
    )
