import io
from pathlib import Path

from rich.console import Console

from ganvas.study.job_table import JobTable
from ganvas.study.plan import Planned
from ganvas.study.task import Task


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def task(folder, loss, state="waiting"):
    path = folder / f"reconstruct-{loss}"
    path.mkdir(parents=True)
    words = ("image=file", f"loss={loss}")
    return Task(Planned(words, str(path), str(path), False, True, "psnr", 40, ()), state)


def board_of(tasks, *, terminal):
    clock = Clock()
    console = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    return JobTable(tasks, console, clock), clock


def shown(board):
    return board.console.file.getvalue()


def works(one, **status):
    one.state = "running"
    one.planned.working.write_status(state="running", **status)


def test_the_first_screen_comes_before_any_job(tmp_path):
    board, _ = board_of([task(tmp_path, "lpips"), task(tmp_path, "pixel")], terminal=True)
    with board:
        board.begun()
        assert "loading…  2 runs: 2 waiting" in shown(board)


def test_the_table_shows_the_metric_and_the_studys_time_left(tmp_path):
    tasks = [task(tmp_path, "lpips"), task(tmp_path, "pixel"), task(tmp_path, "old", "finished")]
    board, clock = board_of(tasks, terminal=True)
    with board:
        board.begun()
        works(tasks[0], step=0, pid=7)
        works(tasks[1], step=0, pid=8)
        clock.now = 10
        board.draw()
        assert "loading…" in shown(board).rpartition("state")[2]
        works(tasks[0], step=10, seconds=20.0, psnr=17.25, pid=7)
        clock.now = 40
        board.draw()
        screen = shown(board).rpartition("state")[2]
    assert "17.2" in screen
    assert "10/40" in screen
    # Its other 30 steps take 2 s each.
    assert "1:00" in screen
    # 10 of 80 steps took 40 s of the study.
    assert "4:40 left" in screen


def test_in_a_pipe_there_is_a_line_for_each_run_every_thirty_seconds(tmp_path):
    tasks = [task(tmp_path, "lpips"), task(tmp_path, "pixel")]
    board, clock = board_of(tasks, terminal=False)
    with board:
        board.begun()
        works(tasks[1], step=14, seconds=28.0, psnr=15.1)
        for _ in range(130):
            clock.now += 0.5
            board.draw()
    line = "2/2  step 14/40  psnr 15.1  eta 0:52  loss=pixel"
    assert shown(board).splitlines() == [line, line]


def test_a_study_ends_with_the_next_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    board, _ = board_of([task(Path("outputs/first"), "lpips", "finished")], terminal=False)
    board.summary()
    assert shown(board).splitlines()[-1] == "next: ganvas report first"
    failed, _ = board_of([task(Path("outputs/second"), "lpips", "failed")], terminal=False)
    failed.summary()
    assert "next" not in shown(failed)
