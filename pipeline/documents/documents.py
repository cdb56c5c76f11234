"""Documents generated from the code, most of them under docs/; each kind loads only what it needs."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.documents.generated import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Kind:
    """Documents that are made in the same way.

    Attributes:
        meaning: What is made.
        documents: The files.
    """

    meaning: str
    documents: Callable[[], Iterator[Document]]


def _settings() -> Iterator[Document]:
    from pipeline.documents import reference  # noqa: PLC0415 - each kind loads only what it needs

    yield Document(reference.DOCUMENT, lambda text: reference.updated(text, reference.render()))


def _schema() -> Iterator[Document]:
    from pipeline.documents import schema  # noqa: PLC0415 - as above

    yield Document(schema.DOCUMENT, lambda _: schema.render())


def _architecture() -> Iterator[Document]:
    from pipeline.documents import architecture  # noqa: PLC0415 - as above

    yield Document(architecture.DOCUMENT, architecture.updated)


def _review() -> Iterator[Document]:
    from pipeline.documents import review_example  # noqa: PLC0415 - as above

    yield Document(review_example.DOCUMENT, review_example.updated)


def _pictures() -> Iterator[Document]:
    from pipeline.documents import pictures  # noqa: PLC0415 - as above

    for stack, path in pictures.DOCUMENTS.items():
        yield Document(path, functools.partial(_whole, pictures.picture, stack))


def _fidelity() -> Iterator[Document]:
    from pipeline.documents import fidelity  # noqa: PLC0415 - as above

    yield Document(fidelity.DOCUMENT, fidelity.updated)


def _schema_changes() -> Iterator[Document]:
    from pipeline.documents import schema_changes  # noqa: PLC0415 - as above

    yield Document(schema_changes.DOCUMENT, schema_changes.updated)


def _metrics() -> Iterator[Document]:
    from pipeline.documents import metrics_list  # noqa: PLC0415 - as above

    yield Document(metrics_list.DOCUMENT, metrics_list.updated)


def _runbooks() -> Iterator[Document]:
    from pipeline.documents import runbooks  # noqa: PLC0415 - as above

    yield Document(runbooks.DOCUMENT, runbooks.updated)


def _fired() -> Iterator[Document]:
    from pipeline.documents import fired  # noqa: PLC0415 - as above

    yield Document(fired.DOCUMENT, fired.updated)


def _whole(make: Callable[[str], str], stack: str, _: str) -> str:
    """Return a document of which nothing stays."""
    return make(stack)


KINDS: Final[Mapping[str, Kind]] = {
    "settings": Kind("the tables in docs/settings.md, from the typed model", _settings),
    "schema": Kind("stack/settings/stack-file.schema.json for editors, from the same model", _schema),
    "fidelity": Kind("the tables of types in docs/fidelity.md, from the typed model", _fidelity),
    "schema-changes": Kind("the verdicts in docs/schema-changes.md, on an example of each statement", _schema_changes),
    "metrics": Kind("the table in docs/metrics.md, from the exporter's list", _metrics),
    "runbooks": Kind("the tables in docs/runbooks/README.md, from the rules of Prometheus", _runbooks),
    "fired": Kind("the table of fired alerts in docs/monitoring.md, from bench/alerts.json", _fired),
    "architecture": Kind("the pictures in docs/architecture.md, from what is declared", _architecture),
    "review": Kind("the comment in docs/review.md, from a stored preview", _review),
    "pictures": Kind("docs/memory-<stack>.svg of every stack, from what is declared", _pictures),
}
