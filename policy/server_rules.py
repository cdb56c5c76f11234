"""Rule for databases, caches and brokers of others: what sizes their memory is no more than their containers have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.fit_rules import files_of, sized_containers
from policy.kinds import mib
from policy.rule import Rule
from stack.capacity.pods import POD_KINDS
from stack.capacity.quantity import whole_mib
from stack.capacity.servers import Setting, settings
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record


def _server_fits(resource: Declared, _record: Record) -> Iterator[Problem]:
    """Judge the command lines and variables of a workload; its files may be declared later."""
    for _spec, container, left in sized_containers(resource):
        for setting in settings(container, {}, left):
            if setting.size > left:
                yield _problem(setting, container.get("name"), left)


def _with_files(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    for resource in record.of_kind(*POD_KINDS):
        namespace = resource.namespace
        for spec, container, left in sized_containers(resource) if isinstance(namespace, str) else ():
            texts = {path: text for path, text in files_of(record, str(namespace), spec, container).items() if isinstance(text, str)}
            if not texts or any(setting.size > left for setting in settings(container, {}, left)):
                continue  # judged already
            for setting in settings(container, texts, left):
                if setting.size > left:
                    yield resource, _problem(setting, container.get("name"), left)


def _problem(setting: Setting, container: object, left: int) -> Problem:
    if setting.by_machine:
        return Problem(
            about=f"container {container!r}{f', {setting.place}' if setting.place else ''}",
            key=setting.name,
            value=setting.value,
            rule=f"sizes the memory of {setting.server} by that of the machine, with {mib(left)} MiB available",
            cure="remove it, and set the sizes of its caches",
        )
    beside = f", {mib(setting.besides)} MiB of them by its other settings" if setting.besides else ""
    over = whole_mib(setting.size - left)
    return Problem(
        about=f"container {container!r}{f', {setting.place}' if setting.place else ''}",
        key=setting.name,
        value=setting.value,
        rule=f"lets {setting.server} take {mib(setting.size)} MiB{beside}, with {mib(left)} available, so that the kernel ends it",
        cure=f"lower it by {over} MiB, or raise the limit by {over}Mi",
    )


RULES = (
    Rule(
        name="server-fits",
        says="Caches and buffers of databases and servers fit the limit of their container.",
        check=_server_fits,
        at_end=_with_files,
    ),
)
