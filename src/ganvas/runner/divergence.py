"""What a run says when its optimisation blows up."""

from __future__ import annotations

from ganvas.errors import RunError
from ganvas.stage import Descent, StageConfig
from ganvas.stage.watch import Watch


def require_progress(name: str, config: StageConfig, watch: Watch) -> None:
    """Refuse a stage of which every image diverged before it was better than its start.

    Raises:
        RunError: It says at which step, and what to try.
    """
    if bool(watch.alive.any()) or int(watch.best_step.max()) > 0:
        return
    rates = ", ".join(
        f"optimizer.{variable}.lr={o.lr:g}"
        for variable, o in config.optimise.items()
        if isinstance(o, Descent)
    )
    remedy = f"; try a smaller learning rate than {rates}" if rates else ""
    raise RunError(
        f"stage {name} diverged at step {int(watch.died.min())}: loss, gradient or variables are "
        f"not finite{remedy}"
    )
