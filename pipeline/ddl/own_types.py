"""Rules for types of the database itself: enums, composite types and domains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.ddl import cures, postgres
from pipeline.ddl.names import of_list, of_relation, words
from pipeline.ddl.verdict import Outcome, Verdict
from stack.settings.sql_names import quoted

if TYPE_CHECKING:
    from pipeline.ddl.names import Name
    from pipeline.ddl.parsing import Statement
    from pipeline.ddl.state import Captured, State

_TEXT: Final = "the archive has the type's values as text, so that no schema shows its labels"

_SHARED: Final = (
    "if a captured column has a domain of this name in another schema, Debezium may take one for the other after its next start: "
    "{doctor} says so"
)


def _spellings(name: Name) -> list[str]:
    """Return how a column's type may be spelled in the table file; a type without a schema is one of public."""
    return [
        quoted(name.schema, name.name) if name.schema else quoted(name.name),
        *([quoted("public", name.name)] if not name.schema else []),
    ]


def _users(state: State, name: Name) -> list[Captured]:
    spellings = _spellings(name)
    if name.schema == "public":
        spellings.append(quoted(name.name))
    return state.with_type(spellings)


def enum(state: State, statement: Statement) -> list[Verdict]:
    """Return the verdict on ALTER TYPE … ADD VALUE, and … RENAME VALUE."""
    node = statement.node
    name = of_list(node["typeName"])
    users = _users(state, name)
    named = ", ".join(table.model.qualified for table in users)
    if "oldVal" not in node:
        what = f"ALTER TYPE {name.sql} ADD VALUE"
        reason = (_TEXT, f"captured with this type: {named or 'no column that the model names'}")
        return [Verdict(what=what, outcome=Outcome.FOLLOWS, table=named, reason=reason, database=(postgres.NONE,))]
    what = f"ALTER TYPE {name.sql} RENAME VALUE"
    if not users:
        domain = "no captured column has this type by the model; one of a domain over it would"
        outcome = Outcome.UNCONCERNED if state.stack.is_managed else Outcome.UNKNOWN
        return [Verdict(what=what, outcome=outcome, reason=(domain,), database=(postgres.NONE,))]
    lost = "rows of before show the new label in the database and the old one in the archive: no row changes, so nothing is sent"
    steps = (cures.statement(statement.text), *(cures.read_again(state.stack, table) for table in users))
    return [Verdict(what=what, outcome=Outcome.STEPS, table=named, reason=(_TEXT, lost), steps=steps, database=(postgres.NONE,))]


def composite(state: State, name: Name) -> list[Verdict]:
    """Return the verdict on a composite type whose attributes change."""
    users, what = _users(state, name), f"ALTER TYPE {name.sql}"
    if not users:
        reason = ("no captured column has this type by the model",)
        outcome = Outcome.UNCONCERNED if state.stack.is_managed else Outcome.UNKNOWN
        return [Verdict(what=what, outcome=outcome, reason=reason)]
    reason = ("the text of the values changes with the type; rows of before keep the old text in the archive until they are read again",)
    steps = tuple(cures.read_again(state.stack, table) for table in users)
    named = ", ".join(table.model.qualified for table in users)
    return [Verdict(what=what, outcome=Outcome.STEPS, table=named, reason=reason, steps=steps)]


def renamed(state: State, name: Name, what: str) -> Verdict:
    """Return the verdict on a type that gets another name or schema."""
    users = _users(state, name)
    if not users:
        return Verdict(what=what, outcome=Outcome.UNCONCERNED, reason=("no captured column has this type by the model",))
    named = ", ".join(table.model.qualified for table in users)
    model = (f"the type's name in the table file: {cures.tables_file(state.stack)}",)
    return Verdict(what=what, outcome=Outcome.FOLLOWS, table=named, reason=(_TEXT,), model=model, database=(postgres.NONE,))


def created(state: State, statement: Statement) -> list[Verdict]:
    """Return the verdict on CREATE TYPE; a column of such a type is archived as text."""
    node = statement.node
    name = of_relation(node["typevar"]) if "typevar" in node else of_list(node["typeName"])
    state.own.update(_spellings(name))
    return [_new(state, f"CREATE TYPE {name.sql}")]


def domain(state: State, statement: Statement) -> list[Verdict]:
    """Return the verdict on CREATE DOMAIN; a column of a domain is archived as its base type."""
    return [_new(state, f"CREATE DOMAIN {of_list(statement.node['domainname']).sql}")]


def _new(state: State, what: str) -> Verdict:
    # the program's own tables have no domains
    shared = () if state.stack.is_managed else (_SHARED.format(doctor=cures.doctor(state.stack)),)
    return Verdict(what=what, outcome=Outcome.UNCONCERNED, reason=("no column has it yet", *shared))


def dropped(state: State, names: list[Name], *, cascade: bool) -> list[Verdict]:
    """Return the verdict on DROP TYPE."""
    what = f"DROP TYPE {', '.join(name.sql for name in names)}"
    users = [table for name in names for table in _users(state, name)]
    if cascade:
        named = ", ".join(table.model.qualified for table in users) or "unknown to the model"
        reason = (f"CASCADE drops the columns of the type (captured tables: {named}); drop them by name, and ask for that",)
        return [Verdict(what=what, outcome=Outcome.UNKNOWN, reason=reason)]
    reason = ("PostgreSQL refuses it as long as a column has the type",)
    return [Verdict(what=what, outcome=Outcome.FOLLOWS if users else Outcome.UNCONCERNED, reason=reason)]


def type_names(items: list[dict[str, dict[str, list[dict[str, object]]]]]) -> list[Name]:
    """Return the names in nodes ``TypeName``."""
    return [of_list(item["TypeName"]["names"]) for item in items if "TypeName" in item and words(item["TypeName"]["names"])]
