"""What a run says when its optimisation blows up."""

from __future__ import annotations

from ganvas.errors import RunError
from ganvas.optimizer import Descent
from ganvas.stage import StageConfig
from ganvas.stage.watch import Watch


def require_progress(name: str, config: StageConfig, watch: Watch) -> None:
    """Refuse a stage of which every image diverged before it was better than its start.

    Raises:
        RunError: It says at which step, and what to try.
    """
    if bool(watch.alive.any()) or int(watch.best_step.max()) > 0:
        return
    step = int(watch.died.min())
    # Nothing has moved before the first step: it is not the learning rate.
    remedy = smaller_rate(config) if step > 0 else smaller_weight(config)
    raise RunError(
        f"stage {name} diverged at step {step}: loss, gradient or variables, or their squares, are "
        f"not finite{remedy}"
    )


def smaller_rate(config: StageConfig) -> str:
    """Return what to try where the stage went too far: "" where it has no learning rate."""
    rates = ", ".join(
        f"optimizer.{variable}.lr={o.lr:g}"
        for variable, o in config.optimise.items()
        if isinstance(o, Descent)
    )
    return f"; try a smaller learning rate than {rates}" if rates else ""


def smaller_weight(config: StageConfig) -> str:
    """Return what to try where the first step is too much already; it names the largest weight."""
    weights = {
        f"{block_name}.{name}": abs(block.weight * term.greatest_weight)
        for block_name, block in config.objective.items()
        for name, term in block.terms.items()
    }
    largest = max(weights, key=weights.__getitem__)
    return f"; try a smaller weight of {largest} than {weights[largest]:g}, or another start"
