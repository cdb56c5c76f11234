"""Questions to the parts of a stack, all at once and each with a time limit: a part that hangs holds up no other, and no later look."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as OverdueError
from typing import TYPE_CHECKING, Any

from pipeline.epoch.facts import Unanswered
from providers.readable import one_line
from stack.configs.secrecy import told

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

_REASON = 300


class Questions:
    """Questions that are asked again and again.

    Args:
        seconds: Time limit of a question.
    """

    def __init__(self, seconds: float) -> None:
        """Ask nothing yet."""
        self._seconds = seconds
        self._open: dict[Hashable, Future[Any]] = {}

    def ask(self, questions: Mapping[Any, Callable[[], Any]]) -> dict[Any, Any]:
        """Return the answer to each question, or ``Unanswered``.

        A question that is still open from an earlier call is not asked anew, so that threads do not pile up on a part that hangs.

        Args:
            questions: Name to the function that asks; its exceptions are reasons.
        """
        ends = time.monotonic() + self._seconds
        asked = {name: self._started(name, question) for name, question in questions.items()}
        return {name: self._answer(name, future, ends) for name, future in asked.items()}

    def _started(self, name: Hashable, question: Callable[[], Any]) -> Future[Any] | None:
        before = self._open.get(name)
        if before is not None and not before.done():
            return None
        future = self._open[name] = Future[Any]()

        def run() -> None:
            try:
                future.set_result(question())
            except BaseException as error:  # noqa: BLE001 - one part that fails in an unknown way must not hide the others
                future.set_exception(error)

        # a thread of a pool would be waited for at the end of the process
        threading.Thread(target=run, name=f"status-{name}", daemon=True).start()
        return future

    def _answer(self, name: Hashable, future: Future[Any] | None, ends: float) -> Any:  # noqa: ANN401 - as the question
        if future is None:
            return Unanswered(f"{name}: the question of an earlier look is still open")
        try:
            answer = future.result(max(0.0, ends - time.monotonic()))
        except OverdueError:
            return Unanswered(f"{name}: no answer within {self._seconds:.0f} s")
        except Exception as error:  # noqa: BLE001 - of clients, catalog, store and network, each with its own
            return Unanswered(one_line(told(f"{name}: {str(error) or type(error).__name__}"), _REASON))
        return Unanswered(told(answer.reason)) if isinstance(answer, Unanswered) else answer
