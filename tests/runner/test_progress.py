import io

import pytest
from rich.console import Console

from ganvas.runner.progress import Bar, TimeLeft, duration


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def bar(clock, *, terminal, enabled=True):
    console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
    return Bar(enabled, console, clock)


def shown(b):
    return b.console.file.getvalue()


def fit(b, clock, name, steps, seconds, first=30.0):
    """Do the steps of a stage: the first one warms up, the others take `seconds` each."""
    b.start(name, steps)
    for step in range(steps):
        clock.now += seconds if step else first
        b.step(name, step + 1)
        b.update(name, f"{15 + step / 10:.1f} dB")


def test_in_a_pipe_there_is_a_line_every_thirty_seconds():
    clock = Clock()
    b = bar(clock, terminal=False)
    with b:
        b.plan({"w": 20, "n": 10})
        fit(b, clock, "w", 20, seconds=10.0)
    lines = shown(b).splitlines()
    # The first step ends after 30 s, without a pace; the others take 10 s.
    assert lines[0] == "1/2 w  step 1/20  eta ?"
    assert lines[1] == "1/2 w  step 4/20  psnr 15.2  eta 4:20"
    assert len(lines) == 1 + 19 // 3


def test_the_second_stage_counts_as_the_second():
    clock = Clock()
    b = bar(clock, terminal=False)
    with b:
        b.plan({"w": 2, "n": 3})
        fit(b, clock, "w", 2, seconds=1.0, first=1.0)
        fit(b, clock, "n", 3, seconds=30.0)
    assert shown(b).splitlines() == [
        "2/2 n  step 1/3  eta ?",
        "2/2 n  step 2/3  psnr 15.0  eta 0:30",
        "2/2 n  step 3/3  psnr 15.1  eta 0:00",
    ]


def test_in_a_terminal_it_says_at_once_that_it_loads():
    b = bar(Clock(), terminal=True)
    with b:
        assert "loading…" in shown(b)


def test_in_a_terminal_the_time_left_is_known_after_two_steps():
    clock = Clock()
    b = bar(clock, terminal=True)
    with b:
        b.plan({"w": 25, "n": 15})
        b.start("w", 25)
        clock.now += 9
        b.step("w", 1)
        assert b._left("w", 1) == ""
        clock.now += 2
        b.step("w", 2)
        b._progress.refresh()
        # 23 steps of this stage and 15 of the next, at 2 s each.
        assert "1:16" in shown(b)
        assert "2/25" in shown(b)


@pytest.mark.parametrize("terminal", [True, False])
def test_switched_off_it_shows_only_what_is_said(terminal):
    clock = Clock()
    b = bar(clock, terminal=terminal, enabled=False)
    with b:
        b.say("run outputs/a")
        b.plan({"w": 20})
        fit(b, clock, "w", 20, seconds=100.0)
    assert shown(b) == "run outputs/a\n"


def test_a_continued_stage_has_the_pace_of_its_own_steps():
    clock = Clock()
    pace = TimeLeft(10, clock)
    assert pace.seconds is None
    for step in (11, 12, 13):
        clock.now += 4 if step > 11 else 60
        pace.step(step)
    assert pace.seconds == 4


def test_duration():
    assert [duration(s) for s in (0.4, 59.6, 3600)] == ["0:00", "1:00", "1:00:00"]
