"""The document of the types says what the model says, and each type is tried on a real server."""

from __future__ import annotations

import re

import pytest

from pipeline.documents import commands
from pipeline.documents.fidelity import DOCUMENT, updated
from stack.configs.session import OPTIONS
from stack.configs.standing import standings
from stack.settings.archived_types import AS_TEXT, OF_EXTENSIONS, PLAIN, REFUSED, archive_type, own_type_fault, type_fault
from stack.settings.tables import Column
from tests.images.test_exact_values import SETUP as TRIED_ELSEWHERE
from tests.images.type_matrix import ALIKE, BYTES, OWN, PLAINLY, TEXT


def test_the_document_holds_the_tables_that_the_model_gives() -> None:
    """After a change of the types: ``python -m pipeline documents fidelity``."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert updated(text) == text
    assert commands.documents(["fidelity"], check=True) == 0


def test_every_type_has_values_that_are_tried() -> None:
    tried = {re.sub(r"\(.*?\)| year to month", "", kind) for kind in (*TEXT, *BYTES, *PLAINLY)}
    elsewhere = {kind for kind in PLAIN if f" {kind}" in TRIED_ELSEWHERE}
    every = {*PLAIN, *OF_EXTENSIONS, *(name for names in AS_TEXT.values() for name in names)}
    assert every <= tried | elsewhere
    assert {kind.removesuffix("[]") for kind in tried if kind.endswith("[]")} - OWN > {"text", "bytea", "interval", "timestamptz"}


@pytest.mark.parametrize("kind", [*TEXT, *BYTES, *PLAINLY, *(base for base, _ in ALIKE.values())])
def test_what_is_tried_is_in_the_model(kind: str) -> None:
    domains = {"public.amount", "public.document", "public.tags", "public.digest", "public.price[]", "public.moment[]"}
    if kind.removesuffix("[]") in OWN:
        assert Column(name="it", type=kind, archived_as="text").archive_type == "string"
    elif kind not in {*domains, "time(3)", "interval year to month"}:
        assert archive_type(Column(name="it", type=kind).type), kind


@pytest.mark.parametrize("kind", [name for names, _, _ in REFUSED for name in names])
def test_a_refused_type_is_not_archived_as_text_either(kind: str) -> None:
    assert type_fault(kind, kind)
    assert own_type_fault(kind)
    assert own_type_fault(f"public.{kind}[]")


@pytest.mark.parametrize("kind", ["jsonb", "integer", "character varying(9)", "1st", "a b", "a; DROP TABLE b", "", "a.b.c"])
def test_only_the_name_of_a_type_that_the_model_does_not_know_is_archived_as_text(kind: str) -> None:
    assert own_type_fault(kind)


def test_the_program_sets_the_session_that_its_policies_accept() -> None:
    assert standings("postgresql-driver")["options"].values == (OPTIONS,)
