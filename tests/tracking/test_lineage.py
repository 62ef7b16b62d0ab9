"""Equal runs leave equal artifacts."""

from __future__ import annotations

from ganvas.tracking.lineage import embedding_artifact


def test_equal_runs_leave_artifacts_of_one_digest(tiny_run, tmp_path, monkeypatch):
    for name in ("WANDB_DATA_DIR", "WANDB_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "staged"))
    files = [
        tiny_run("budget.noise=1", f"seed={seed}", f"output={output}").embedding_file
        for seed, output in ((6, "once"), (6, "again"), (7, "other"))
    ]
    one, equal, other = (embedding_artifact(f.parent.parent.parent.name, f).digest for f in files)
    assert one == equal != other
    assert files[0].read_bytes() == files[1].read_bytes()
