"""Loading the program at the project's root, and running it against a monitor in this process.

Every run has a thread, an event loop and a set of context variables of its own, so that runs leave nothing behind in
the SDK's global state and can follow each other in one process.
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
# Registrations in flight at once. One that waits (a Service for its pods) must never keep the one it waits for (their
# StatefulSet) out of the pool, so this is well above the number of resources that wait.
WORKERS: Final = 96
_POLL_S: Final = 0.2


def load(root: Path) -> Callable[[], None]:
    """Import `__main__.py` under `root` without declaring anything, and give its `declare` function.

    The project's root joins the import path, as it does when the Pulumi CLI runs the program.
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
    """Run the program against `monitor` and wait until everything it declared was answered.

    Raises what the program raised. On Ctrl-C `on_interrupt` is called once, what is in flight may end, and
    KeyboardInterrupt is raised again.
    """
    failure: list[BaseException] = []

    def in_thread() -> None:
        try:
            _run_here(declare, monitor, project=project, stack=stack, config=config, preview=preview)
        except BaseException as error:  # noqa: BLE001 handed to the caller's thread below
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
    """Stay silent about outputs nobody awaited: the first failure is raised, the rest only follow from it."""
