"""The verdict on a text: its statements one after the other, each on the tables as those before have left them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.ddl import objects, others, own_types, publications
from pipeline.ddl.names import of_relation
from pipeline.ddl.parsing import Statement, parse
from pipeline.ddl.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.ddl.stack import Stack
    from pipeline.ddl.verdict import Verdict

_RULES: Final[dict[str, Callable[[State, Statement], list[Verdict]]]] = {
    "AlterTableStmt": objects.alter_table,
    "RenameStmt": objects.rename,
    "AlterObjectSchemaStmt": objects.move,
    "DropStmt": objects.drop,
    "TruncateStmt": objects.truncate,
    "CreateStmt": objects.create,
    "CreateTableAsStmt": objects.create,
    "AlterPublicationStmt": publications.alter,
    "AlterEnumStmt": own_types.enum,
    "CreateDomainStmt": own_types.domain,
    "CreateEnumStmt": own_types.created,
    "CompositeTypeStmt": own_types.created,
    "CreateRangeStmt": own_types.created,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """One statement with its verdicts.

    Attributes:
        statement: The statement.
        verdicts: One for each action and table; at least one.
    """

    statement: Statement
    verdicts: tuple[Verdict, ...]

    @property
    def exit_code(self) -> int:
        """The highest code of its verdicts."""
        return max(verdict.outcome.exit_code for verdict in self.verdicts)


def judge(stack: Stack, text: str) -> list[Judged]:
    """Return the verdicts on a text.

    Args:
        stack: The stack.
        text: Statements of SQL.

    Raises:
        BadTextError: If the text is no SQL that PostgreSQL reads.
    """
    statements = parse(text)
    state = State.of(stack)
    state.whole.update(_made_whole(state, statements))
    return [Judged(statement, _verdicts(state, statement)) for statement in statements]


def _verdicts(state: State, statement: Statement) -> tuple[Verdict, ...]:
    try:
        return tuple(_RULES.get(statement.kind, others.judge)(state, statement))
    except (KeyError, IndexError, TypeError, ValueError):
        # a form of the statement that no rule was written for
        return (others.unknown(statement),)


def exit_code(judged: list[Judged]) -> int:
    """Return the highest code of some statements: 0 follows by itself, 1 needs steps or stops something, 2 cannot be judged."""
    return max(one.exit_code for one in judged)


def _made_whole(state: State, statements: list[Statement]) -> set[str]:
    """Return the relations that some statement gives replica identity FULL."""
    found = set()
    for statement in statements:
        for command in statement.node.get("cmds", []) if statement.kind == "AlterTableStmt" else []:
            identity = command["AlterTableCmd"].get("def", {}).get("ReplicaIdentityStmt", {})
            if identity.get("identity_type") == "f":
                name = state.resolve(of_relation(statement.node["relation"]))
                found |= {name.full} if name else set()
    return found
