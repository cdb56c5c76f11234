"""Load the program at the project's root, and run it against a monitor in this process.

Every run has a separate thread, event loop and set of context variables, so that it leaves nothing in the SDK's global state and further
runs can follow in the same process.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, cast

from pulumi.runtime import run_in_stack, set_all_config
from pulumi.runtime.mocks import MockEngine
from pulumi.runtime.settings import ROOT, Settings, configure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pulumi.runtime.mocks import MockMonitor

MODULE: Final = "__program__"
# Concurrent registrations. A waiting one (a Service, for its pods) must never keep its dependency (their StatefulSet) out of the pool, so
# the number is well above that of waiting resources.
WORKERS: Final = 96
_POLL_S: Final = 0.2


def load(root: Path) -> Callable[[], None]:
    """Import ``__main__.py`` without declaring anything, and return its ``declare`` function.

    The project's root joins the import path, as when the Pulumi CLI runs the program.

    Args:
        root: Root of the project.

    Raises:
        FileNotFoundError: If ``root`` has no ``__main__.py``.
    """
    path = root / "__main__.py"
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    spec = importlib.util.spec_from_file_location(MODULE, path)
    if spec is None or spec.loader is None or not path.is_file():
        message = f"{path} is missing: {root} is not the root of this project"
        raise FileNotFoundError(message)
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    spec.loader.exec_module(module)
    return cast("Callable[[], None]", module.declare)


def run(
    declare: Callable[[], None],
    monitor: MockMonitor,
    *,
    project: str,
    stack: str,
    config: Mapping[str, str],
    preview: bool,
    on_interrupt: Callable[[], None] = lambda: None,
) -> None:
    """Run the program against a monitor and wait for the answers to all its registrations.

    Errors of the program are raised again here.

    Args:
        declare: The program's function.
        monitor: The monitor.
        project: Name of the project.
        stack: Name of the stack.
        config: Configuration of the stack, ``project:key`` to text.
        preview: Whether the program runs as in a preview.
        on_interrupt: Called once at Ctrl-C; registrations in flight may end before KeyboardInterrupt is raised again.
    """
    failure: list[BaseException] = []

    def in_thread() -> None:
        try:
            _run_here(declare, monitor, project=project, stack=stack, config=config, preview=preview)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread below
            failure.append(error)

    thread = threading.Thread(target=in_thread, name=f"program-{stack}", daemon=True)
    thread.start()
    interrupted = False
    while thread.is_alive():
        try:
            thread.join(_POLL_S)
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            on_interrupt()
    if interrupted:
        raise KeyboardInterrupt
    if failure:
        raise failure[0]


def _run_here(
    declare: Callable[[], None],
    monitor: MockMonitor,
    *,
    project: str,
    stack: str,
    config: Mapping[str, str],
    preview: bool,
) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_exception_handler(_drop_late_failure)
    executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="resource")
    loop.set_default_executor(executor)
    engine: Any = MockEngine(logging.getLogger("pulumi.program"))
    ROOT.set(None)
    configure(Settings(project=project, stack=stack, monitor=monitor, engine=engine, dry_run=preview))
    set_all_config(dict(config), secret_keys=[])
    try:
        loop.run_until_complete(run_in_stack(declare))
    finally:
        leftovers = asyncio.all_tasks(loop)
        for task in leftovers:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*leftovers, return_exceptions=True))
        executor.shutdown(wait=True)
        asyncio.set_event_loop(None)
        loop.close()


def _drop_late_failure(_loop: asyncio.AbstractEventLoop, _context: dict[str, Any]) -> None:
    """Ignore failures of unawaited outputs: the first failure is raised, the others follow from it."""
