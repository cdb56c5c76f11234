"""Rule for the configuration of PostgreSQL: it can be captured, and loses no row, whether a file or a command line says so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from policy.captured import captured_servers, is_captured, is_of_pipeline, is_own
from policy.files import with_key
from policy.fit_rules import files_of, servers, sources
from policy.kinds import starts_pods
from policy.postgres_sessions import DATABASE, ROLE, SERVER, declared_settings
from policy.postgres_statements import statements
from policy.rule import Rule
from stack.capacity import pods, postgres_parameters
from stack.capacity.postgres_parameters import ParameterError
from stack.capacity.postgres_values import is_known
from stack.configs.postgres_access import access_problems
from stack.configs.postgres_allowed import parameter_problems
from stack.configs.postgres_ranges import range_problems
from stack.configs.postgres_rules import postgres_problems
from stack.configs.postgres_sessions import session_problems
from stack.configs.problems import first_per_key
from stack.configs.spelling import spelling_problems
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.declared import Declared, Record

# A file with this parameter is one of a server that is captured.
_MARK = "wal_level"
_COMMAND_LINE = "the command line"
# Resources of a database that a source connector captures by, with the connector's key that has their name
_CAPTURE = {
    "postgresql:index/publication:Publication": "publication.name",
    "postgresql:index/replicationSlot:ReplicationSlot": "slot.name",
    "postgresql:index/physicalReplicationSlot:PhysicalReplicationSlot": "slot.name",
}
# Words of the own server's command line, and addresses at which pods reach a server.
_OWN_WORDS = {"config_file", "data_directory"}
_EVERYWHERE = {"*", "0.0.0.0", "::", "0.0.0.0,::"}  # noqa: S104 - a server in a pod listens at every address of it


def _configured(resource: Declared, _record: Record) -> Iterator[Problem]:
    """Judge a file by itself, and the timeouts on a command line."""
    for name, parameters in with_key(resource, _MARK, postgres_parameters.written):
        found = first_per_key(spelling_problems("postgresql", parameters), postgres_problems(parameters))
        yield from (replace(problem, about=name) for problem in found)
    spec = pods.lenient_spec(resource.kind, resource.inputs) if starts_pods(resource) else None
    listed = spec.get("containers") if spec else None
    for container in listed if isinstance(listed, (list, tuple)) else ():
        if not isinstance(container, Unknown) and postgres_parameters.is_postgres(container):
            said = postgres_parameters.of_variables(container) | postgres_parameters.parameters(container, "")
            yield from (replace(problem, about=_COMMAND_LINE) for problem in range_problems(said))


def _together(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Judge the command line over the file of each server, and the timeouts in a file that was not judged by itself."""
    yield from _of_sessions(record)
    yield from _of_capture(record)
    for server, container, _left, text in servers(record):
        if text is None or isinstance(text, Unknown):
            continue  # postgres-fits reports it
        try:
            by_image = postgres_parameters.of_variables(container)
            said = by_image | postgres_parameters.parameters(container, "")
            all_of_them = postgres_parameters.parameters(container, text)
        except ParameterError:
            continue
        file = postgres_parameters.written(text)
        judged = file if _MARK in file else None
        if is_captured(record, server, container, text):
            # beside a file some images read their variables, and others do not
            ways = (by_image | all_of_them, all_of_them | by_image)
            either = {one: None for merged in ways for one in _of_captured(said, merged, judged)}
            yield from ((server, problem) for problem in (*either, *_let_in(record, server, container, all_of_them)))
            yield from _of_statements(record, server, all_of_them)
            yield from ((server, problem) for problem in _of_further_files(record, server, container, text, all_of_them))
        if is_own(server):
            found = _of_own(said, postgres_parameters.as_read(file))
            yield from ((server, problem) for problem in found)
        alone = {problem.key for part in (said, file if _MARK in file else {}) for problem in range_problems(part)}
        yield from ((server, problem) for problem in range_problems(all_of_them) if problem.key not in alone)


def _of_capture(record: Record) -> Iterator[tuple[Declared, Problem]]:
    """Judge resources that stand in a database in the place of the publication or the slot of a source connector."""
    for kind, key in _CAPTURE.items():
        names = {config.get(key) for config in sources(record)} - {None}
        for resource in record.of_type(kind):
            if resource.inputs.get("name", resource.name) in names:
                yield (
                    resource,
                    Problem(
                        key="name",
                        value=str(resource.inputs.get("name", resource.name)),
                        rule=f"is the {key.partition('.')[0]} of a source connector: what it leaves out, or consumes, is never captured",
                        cure="choose another name, and leave this one to the SQL of the pipeline",
                    ),
                )


def _of_captured(said: Mapping[str, str], all_of_them: Mapping[str, str], judged: Mapping[str, str] | None) -> Iterator[Problem]:
    """Judge a captured server by what is written and was not judged by itself; absent is only a fault of the log's level."""
    before = set(range_problems(all_of_them)) | set(postgres_problems(judged or {}) if judged is not None else ())
    written = {*(all_of_them if judged is None else said), _MARK}
    for problem in postgres_problems(all_of_them):
        if problem not in before and (problem.key in written or judged is not None):
            yield replace(problem, about=_COMMAND_LINE) if problem.key in said else problem


def _of_statements(record: Record, server: Declared, parameters: Mapping[str, str]) -> Iterator[tuple[Declared, Problem]]:
    """Judge what statements and scripts in the server's namespace set, over what the server has."""
    for resource in record.of_kind("ConfigMap", "Secret", *pods.POD_KINDS, namespace=server.namespace):
        for further in statements(resource):
            found = [problem for problem in postgres_problems({**parameters, **further}) if problem.key in further]
            yield from ((resource, replace(problem, about=f"a statement for {server.title}")) for problem in found)


def _of_sessions(record: Record) -> Iterator[tuple[Declared, Problem]]:
    """Judge what statements and resources set for roles, databases and, by ALTER SYSTEM, for the program's own server.

    A server that this program does not declare is reached from the pipeline's namespace, or by the provider for PostgreSQL.
    """
    captured = {server.namespace: is_own(server) for server in captured_servers(record)}
    near = captured or ({record.limits.own: False} if sources(record) and record.limits.own else {})
    judged: dict[tuple[Declared, Problem], None] = {}
    for namespace, is_own_server in near.items():
        for resource, said in declared_settings(record, namespace):
            found: list[Problem] = []
            if said.kind == SERVER and is_own_server:
                known = {problem.key for further in statements(resource) for problem in postgres_problems(further)}
                found = [one for one in parameter_problems(said.parameters) if one.key not in known]
            elif said.kind in {ROLE, DATABASE}:
                of_pipeline = is_of_pipeline(record, said.kind, said.name)
                found = session_problems(said.parameters, of_pipeline=of_pipeline, of_own_server=is_own_server)
            judged |= {(resource, replace(one, about=said.about)): None for one in found}
    yield from judged


def _of_further_files(
    record: Record, server: Declared, container: Mapping[str, Any], text: str, parameters: Mapping[str, str]
) -> Iterator[Problem]:
    """Judge the other mounted files of a server, which it reads behind its own one: ``postgresql.auto.conf``, or those of ``conf.d``."""
    spec = pods.lenient_spec(server.kind, server.inputs) or {}
    for path, content in files_of(record, str(server.namespace), spec, container).items():
        if path.endswith(".conf") and isinstance(content, str) and content != text:
            further = {name: value for name, value in postgres_parameters.written(content).items() if is_known(name)}
            found = [problem for problem in postgres_problems({**parameters, **further}) if problem.key in further]
            yield from (replace(problem, about=path.rpartition("/")[2]) for problem in found)


def _let_in(record: Record, server: Declared, container: Mapping[str, Any], parameters: Mapping[str, str]) -> Iterator[Problem]:
    """Judge the lines of a server's ``pg_hba.conf``, if a declared ConfigMap contains the file."""
    spec = pods.lenient_spec(server.kind, server.inputs)
    if spec is None or not isinstance(server.namespace, str):
        return
    for path, text in files_of(record, server.namespace, spec, container).items():
        is_read = path == parameters["hba_file"] if "hba_file" in parameters else path.endswith("/pg_hba.conf")
        if is_read and not isinstance(text, Unknown):
            yield from (replace(problem, about="pg_hba.conf") for problem in access_problems(text))


def _of_own(said: Mapping[str, str], file: Mapping[str, str]) -> Iterator[Problem]:
    """Judge the command line of the program's own server by what a stack may set; its file and its folder are named there."""
    further = {key: value for key, value in said.items() if key not in _OWN_WORDS and file.get(key) != value}
    if further.get("listen_addresses") in _EVERYWHERE:
        del further["listen_addresses"]
    yield from (replace(problem, about=_COMMAND_LINE) for problem in parameter_problems(further))


RULES = (
    Rule(
        name="postgres-config",
        says="PostgreSQL can be captured, loses no committed row, and has no unknown parameter.",
        check=_configured,
        at_end=_together,
    ),
)
