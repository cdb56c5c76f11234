"""Base of every AWS type: one account, tags with the provider's defaults, errors in the service's words."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from providers.differences import differences
from providers.operations import Change, IncompleteError, Plain, ProviderError, State, has_unknown
from sandbox.standins.aws.clients import in_its_words
from sandbox.standins.shape import StandIn, taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.standins.aws.clients import Account

TAGS_ALL = "tagsAll"


class AwsStandIn(StandIn):
    """One type of one account. A type makes and corrects by `_ensure`, looks by `_live`, removes by `_remove`."""

    def __init__(self, account: Account) -> None:
        """Connect to nothing yet."""
        self.account = account

    def diff(self, old: Plain, new: Plain) -> list[Change]:
        """As by the inputs; for what has tags, the provider's default tags too."""
        changes = super().diff(old, new)
        if TAGS_ALL in self.learnt and not has_unknown(new.get("tags")):
            changes += differences(old.get(TAGS_ALL) or {}, self.all_tags(new), TAGS_ALL)
        return changes

    def create(self, inputs: Plain) -> State:
        """Make the thing; one of this name that is there is refused, or adopted and corrected.

        Raises:
            IncompleteError: If the thing was made and something about it could not be set, so that the next run goes on with it.
        """
        with in_its_words():
            if self.shape.exclusive and not self.adopts and self._live(self.named(inputs), {}, {}) is not None:
                raise taken(self.shape, self.named(inputs))
        try:
            with in_its_words():
                return self._ensure(inputs, None)
        except ProviderError as error:
            with in_its_words():
                half = self._live(self.named(inputs), inputs, {}) if self.shape.exclusive else None
            if half is None:
                raise
            raise IncompleteError(half, [str(error)]) from None

    def read(self, resource_id: str, previous: Plain | None = None, outputs: Plain | None = None) -> State | None:
        """Look at the thing."""
        with in_its_words():
            return self._live(resource_id, previous or {}, outputs or {})

    def update(self, resource_id: str, old: Plain, new: Plain) -> State:
        """Change the thing in place; its id stays, whatever its name becomes."""
        with in_its_words():
            return State(resource_id, self._ensure(new, old).outputs)

    def delete(self, resource_id: str, old: Plain) -> None:
        """Remove the thing; silent when it is gone."""
        with in_its_words():
            self._remove(resource_id, old)

    @abstractmethod
    def _ensure(self, inputs: Plain, old: Plain | None) -> State: ...

    @abstractmethod
    def _live(self, resource_id: str, previous: Plain, outputs: Plain) -> State | None: ...

    @abstractmethod
    def _remove(self, resource_id: str, old: Plain) -> None: ...

    def all_tags(self, inputs: Mapping[str, Any]) -> dict[str, str]:
        """Give the provider's default tags with the thing's own over them."""
        return self.account.default_tags | (inputs.get("tags") or {})

    def own_tags(self, live: Mapping[str, str], previous: Plain) -> dict[str, Any]:
        """Give `tags` and `tagsAll` as outputs: what the defaults do not explain, or the last run gave, is the thing's own."""
        own = {
            key: value for key, value in live.items() if self.account.default_tags.get(key) != value or key in (previous.get("tags") or {})
        }
        return {**({"tags": own} if own or "tags" in previous else {}), TAGS_ALL: dict(live)}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Spell tags as the API takes them."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def tag_map(listed: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Read tags as the API gives them."""
    return {item["Key"]: item["Value"] for item in listed}
