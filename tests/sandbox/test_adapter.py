# ruff: noqa: ARG002 - the ledger has the shape of a family
"""The adapter's order: parallel where possible, after dependencies, nothing after a failure."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_random as random
import pytest

from sandbox.adapter import Adapter, ResourceError, Result
from sandbox.adapter.family import Change, Converged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Runs


class Ledger:
    """A family that records its calls and behaves per name as a test sets it up."""

    def __init__(self) -> None:
        """Start empty."""
        self.made: list[str] = []
        self.deleted: list[str] = []
        self.acts: dict[str, Callable[[Any], object]] = {}
        self.failing_deletes: set[str] = set()
        self.holding: set[str] = set()
        self.names: dict[str, str] = {}

    def identity(self, wanted: Any) -> str:
        return self.names.get(wanted.resource.name, wanted.resource.name)

    def kept(self, wanted: Any, identity: str) -> dict[str, Any]:
        return {}

    def converge(self, wanted: Any, identity: str, step: Any) -> Converged:
        self.acts.get(wanted.resource.name, lambda _: None)(wanted)
        self.made.append(identity)
        return Converged(id=identity, outputs={**wanted.inputs, "result": "r", "hex": "h"}, change=Change.CREATED)

    def holds_data(self, entry: Any, provider: Any) -> bool:
        return entry.name in self.holding

    def delete(self, entry: Any, provider: Any, step: Any) -> None:
        if entry.name in self.failing_deletes:
            message = "it does not want to go"
            raise RuntimeError(message)
        self.deleted.append(entry.identity)


class Bench:
    """Programs of random resources, run through a ledger."""

    def __init__(self, runs: Runs) -> None:
        """Use the state of ``runs``."""
        self.runs = runs
        self.ledger = Ledger()

    def adapter(self) -> Adapter:
        adapter = self.runs.adapter()
        adapter._families["random"] = self.ledger
        return adapter

    def up(self, program: Callable[[], Any]) -> Result:
        return self.adapter().up(lambda: program() and None, "sample", "sandbox", {}, self.runs.progress)

    def down(self, *, force: bool = False) -> Result:
        return self.adapter().down(self.runs.progress, force=force)


@pytest.fixture
def bench(runs: Runs) -> Bench:
    return Bench(runs)


def thing(name: str, **options: Any) -> random.RandomBytes:
    """Declare a resource of any kind."""
    return random.RandomBytes(name, length=8, opts=pulumi.ResourceOptions(**options))


class Group(pulumi.ComponentResource):
    """A component with one child."""

    def __init__(self, name: str, **options: Any) -> None:
        """Declare the child."""
        super().__init__("test:index:Group", name, opts=pulumi.ResourceOptions(**options))
        self.child = thing(f"{name}-child", parent=self)
        self.register_outputs({})


def test_independent_resources_are_created_in_parallel(bench: Bench) -> None:
    """Forty resources that each wait for all the others would never end in a small thread pool."""
    gate = threading.Barrier(40, timeout=20)
    bench.ledger.acts = {f"thing-{number}": lambda _: gate.wait() for number in range(40)}
    result = bench.up(lambda: [thing(f"thing-{number}") for number in range(40)])
    assert len(result.created) == 40


def test_depends_on_is_honoured_through_components(bench: Bench) -> None:
    bench.ledger.acts = {"first-child": lambda _: time.sleep(0.1)}
    bench.up(lambda: Group("second", depends_on=[Group("first")]))
    assert bench.ledger.made == ["first-child", "second-child"]


def test_nothing_begins_after_a_failure_and_the_next_run_goes_on(bench: Bench) -> None:
    def broken(_: Any) -> None:
        message = "quota exceeded\nask for less"
        raise RuntimeError(message)

    def program() -> None:
        first = thing("first")
        second = thing("second", depends_on=[first])
        thing("third", depends_on=[second])

    bench.ledger.acts = {"second": broken}
    with pytest.raises(ResourceError) as caught:
        bench.up(program)
    assert str(caught.value) == "RandomBytes second could not be created or changed\n  quota exceeded\n  ask for less"
    assert bench.ledger.made == ["first"]
    bench.ledger.acts = {}
    bench.up(program)
    assert bench.ledger.made == ["first", "first", "second", "third"]


def test_a_failure_cuts_other_waits_short(bench: Bench) -> None:
    """Once the outcome is certain, another resource's ten minutes are wasted."""

    def broken(_: Any) -> None:
        message = "no"
        raise RuntimeError(message)

    def patient(wanted: Any) -> None:
        assert wanted.cancelled.wait(30)
        message = "stopped"
        raise RuntimeError(message)

    bench.ledger.acts = {"slow": patient, "bad": broken}
    started = time.monotonic()
    with pytest.raises(ResourceError, match=r"^RandomBytes bad could not be created or changed\n  no$"):
        bench.up(lambda: [thing("slow"), thing("bad")])
    assert time.monotonic() - started < 10


def test_the_programs_own_mistake_comes_out_as_it_is(bench: Bench) -> None:
    def mistaken() -> None:
        thing("first")
        raise LookupError("no such setting")  # noqa: EM101, TRY003 - a program under test

    with pytest.raises(LookupError, match="no such setting"):
        bench.up(mistaken)


def test_down_deletes_what_needs_others_first(bench: Bench) -> None:
    def program() -> None:
        first = Group("first")
        second = thing("second", depends_on=[first])
        Group("third", depends_on=[second])

    bench.up(program)
    bench.down()
    assert bench.ledger.deleted == ["third-child", "second", "first-child"]


def test_a_resource_deleted_with_another_is_not_deleted_separately(bench: Bench) -> None:
    def program() -> None:
        place = thing("place")
        thing("inside", deleted_with=place)
        thing("retained", retain_on_delete=True)

    bench.up(program)
    bench.down()
    assert bench.ledger.deleted == ["place"]


def test_a_resource_deleted_with_another_is_deleted_separately_when_the_other_stays(bench: Bench) -> None:
    def program(*, with_inside: bool) -> None:
        place = thing("place")
        if with_inside:
            thing("inside", deleted_with=place)

    bench.up(lambda: program(with_inside=True))
    assert bench.up(lambda: program(with_inside=False)).deleted == ("RandomBytes inside",)
    assert bench.ledger.deleted == ["inside"]


def test_a_failed_deletion_keeps_the_dependencies(bench: Bench) -> None:
    def program() -> None:
        base = thing("base")
        thing("stubborn", depends_on=[base])
        thing("willing", depends_on=[base])

    bench.up(program)
    bench.ledger.failing_deletes = {"stubborn"}
    with pytest.raises(ResourceError, match="RandomBytes stubborn could not be deleted\n  it does not want to go"):
        bench.down()
    assert bench.ledger.deleted == ["willing"]
    bench.down(force=True)
    assert bench.ledger.deleted == ["willing", "base"]


def test_a_protected_resource_stops_down_before_it_begins(bench: Bench) -> None:
    bench.up(lambda: [thing("precious", protect=True), thing("other")])
    with pytest.raises(ResourceError, match="protected, so nothing was deleted: precious"):
        bench.down()
    assert not bench.ledger.deleted


def test_a_new_physical_name_replaces_the_resource(bench: Bench) -> None:
    bench.up(lambda: thing("a"))
    bench.ledger.names = {"a": "renamed"}
    bench.up(lambda: thing("a"))
    assert (bench.ledger.made, bench.ledger.deleted) == (["a", "renamed"], ["a"])


def test_another_name_never_deletes_what_holds_data_or_is_protected(bench: Bench) -> None:
    bench.up(lambda: [thing("full"), thing("precious", protect=True)])
    bench.ledger.names = {"full": "renamed"}
    bench.ledger.holding = {"full"}
    with pytest.raises(ResourceError, match="full would be deleted with what it holds, since the program gives it another name"):
        bench.up(lambda: [thing("full"), thing("precious", protect=True)])
    bench.ledger.names = {"precious": "renamed"}
    with pytest.raises(ResourceError, match="precious would be deleted"):
        bench.up(lambda: [thing("full"), thing("precious", protect=True)])
    assert bench.ledger.deleted == []


def test_a_resource_taken_over_by_another_declaration_survives(bench: Bench) -> None:
    """A logical rename must not delete the physical resource that both names refer to."""
    bench.ledger.names = {"old": "same", "new": "same"}
    bench.up(lambda: thing("old"))
    result = bench.up(lambda: thing("new"))
    assert bench.ledger.deleted == []
    assert result.deleted == ()


def test_two_of_one_name_are_refused(bench: Bench) -> None:
    with pytest.raises(Exception, match="two resources are both called twice"):
        bench.up(lambda: [thing("twice"), thing("twice")])


def test_the_outputs_of_the_last_good_run_can_be_asked_for(bench: Bench) -> None:
    bench.up(lambda: pulumi.export("port", 5432))
    assert bench.adapter().outputs() == ({"port": 5432}, frozenset())


@pytest.fixture
def _listening_to_ctrl_c() -> Iterator[None]:
    """Install Python's own handler of Ctrl-C: programs that a shell starts in the background ignore it, and so do their children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_listening_to_ctrl_c")
def test_ctrl_c_ends_waits_keeps_the_journal_and_comes_out(bench: Bench) -> None:
    def patient(wanted: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        assert wanted.cancelled.wait(30)
        message = "stopped"
        raise RuntimeError(message)

    def program() -> None:
        thing("second", depends_on=[thing("first")])

    bench.ledger.acts = {"second": patient}
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        bench.up(program)
    assert time.monotonic() - started < 10
    bench.ledger.acts = {}
    bench.down()
    assert set(bench.ledger.deleted) == {"first", "second"}
