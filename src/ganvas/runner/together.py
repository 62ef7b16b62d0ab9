"""Runs side by side in one process: stages that are alike share one loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from ganvas.stage.fit import Fit, Fitted, Fitting

Result = TypeVar("Result")


def execute_together(courses: Sequence[Fitting[Result]]) -> list[Result | Exception]:
    """Follow the courses of runs to their ends, and fit what they wait for: at once what is alike.

    A run that fails leaves the others; what a loop raises is raised in all runs that share it.

    Returns:
        For each course what it returns, or what it raises.
    """
    runs = [Course(course) for course in courses]
    for run in runs:
        run.begin()
    while waiting := [run for run in runs if run.fit is not None]:
        for group in grouped(waiting):
            fit_group(group)
    return [run.ended for run in runs]


class Course(Generic[Result]):
    """A run on its course, at the stage that it waits for.

    Attributes:
        fit: The stage that it waits for; None: it has not begun, or has ended.
        ended: What it returned, or raised.
    """

    ended: Result | Exception

    def __init__(self, course: Fitting[Result]) -> None:
        self.fit: Fit | None = None
        self._course = course
        # What is said while it is at work goes into its log.
        self._context = copy_context()

    def begin(self) -> None:
        """Go to the first stage."""
        self._follow(lambda: next(self._course))

    def go_on(self, fitted: Fitted) -> None:
        """Go on from the stage, which was fitted."""
        self._follow(lambda: self._course.send(fitted))

    def fail(self, error: BaseException) -> None:
        """Let the stage that it waits for raise an error."""
        self._follow(lambda: self._course.throw(error))

    def _follow(self, go: Callable[[], Fit]) -> None:
        self.fit = None
        try:
            self.fit = self._context.run(go)
        except StopIteration as end:
            self.ended = end.value
        except Exception as error:
            self.ended = error


def grouped(waiting: Sequence[Course[Result]]) -> list[list[Course[Result]]]:
    """Put runs together that wait for stages that are alike."""
    from ganvas.stage.fit import alike

    groups: list[list[Course[Result]]] = []
    for run in waiting:
        assert run.fit is not None
        for group in groups:
            first = group[0].fit
            assert first is not None
            if alike(first, run.fit):
                group.append(run)
                break
        else:
            groups.append([run])
    return groups


def fit_group(group: Sequence[Course[Result]]) -> None:
    """Fit in one loop what a group of runs waits for, and let them go on."""
    # Lightning takes seconds to import: a run that is finished or refused does without.
    from ganvas.stage.fit import fit_all

    try:
        fitted = fit_all([run.fit for run in group if run.fit is not None])
    except BaseException as error:  # Ctrl-C as well: every run records how it ended.
        for run in group:
            run.fail(error)
        return
    for run, one in zip(group, fitted, strict=True):
        if isinstance(one, Exception):
            run.fail(one)
        else:
            run.go_on(one)
