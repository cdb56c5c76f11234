"""Keys of Kafka's clients that a connector may set in place of the worker's."""

from __future__ import annotations

import functools
import re

from stack.configs.keys import table

_CLIENTS = ("kafka-producer", "kafka-consumer", "kafka-admin")
# Where a client connects and who it is there; and what names a class, which the worker would load.
_WORKERS_OWN = re.compile(
    r"bootstrap\..*|sasl\..*|security\..*|ssl\.(key|provider|engine|secure|cipher|protocol).*|config\.providers|interceptor\.classes"
    r"|internal\..*|transactional\.id|metric\.reporters|partition\.assignment\.strategy|.*(\.class|serializer)"
)


@functools.cache
def overridable() -> tuple[str, ...]:
    """Return every key of the clients but those of the worker alone: addresses, logins, classes.

    Whether a value loses rows is for other rules; these here are for whoever has the login of the REST interface.
    """
    known = {key: one for client in _CLIENTS for key, one in table(client).items()}
    return tuple(sorted(key for key, one in known.items() if one.type != "class" and not _WORKERS_OWN.fullmatch(key)))
