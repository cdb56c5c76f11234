"""No message about a stack file shows a credential, and none gets into a configuration in plain text."""

from __future__ import annotations

from typing import Any

import pytest

from stack.judgement.stack import SettingsError, specify

MARKER = "Letmein9x"
CASES: dict[str, dict[str, Any]] = {
    "a login in a host": {"source": {"kind": "external", "external": {"host": f"admin:{MARKER}@db.example.com"}}},
    "a password as a word of rotation": {"rotation": {"app": f"{MARKER}!"}},
    "a further key": {"source": {"debezium": {"extra": {"db_pw": MARKER}}}},
    "a list in place of an object": {"source": {"debezium": {"extra": [f"password={MARKER}"]}}},
    "a line in place of a table": {"source": {"tables": [f"AWS_SECRET_ACCESS_KEY={MARKER}"]}},
    "an image with a login": {"images": {"kafka": f"me:{MARKER}@registry/kafka"}},
    "a connection string": {"source": {"parameters": {"primary_conninfo": f"'host=a user=b password={MARKER}'"}}},
    "a command with a key": {"source": {"parameters": {"archive_command": f"'AWS_SECRET_ACCESS_KEY={MARKER} aws s3 cp %p s3://b'"}}},
    "a passphrase": {"source": {"parameters": {"ssl_passphrase_command": f"'echo {MARKER}'"}}},
    "a statement": {"source": {"debezium": {"extra": {"database.initial.statements": f"ALTER ROLE x PASSWORD '{MARKER}'"}}}},
    "a word in the place of a number": {"source": {"postgres": {"memoryMib": MARKER}}},
    "a word in the place of a switch": {"sampleData": MARKER},
    "a word in the place of one of several": {"host": {"exposure": MARKER}},
    "a word with a sign in a name": {"archive": {"bucket": f"{MARKER}!"}},
    "a token in an annotation": {"host": {"annotations": {"example.com/api-token": MARKER}}},
    "a login in an annotation": {"host": {"annotations": {"example.com/target": f"https://me:{MARKER}@lb.example.com"}}},
    "a login in a user's place": {"monitoring": {"enabled": True, "receivers": {"email": {"to": f"https://me:{MARKER}@example.com"}}}},
    "a token as a user": {"monitoring": {"enabled": True, "receivers": {"email": {"username": f"glpat-{MARKER}Zq8Lm3Xw7Rt"}}}},
    "a webhook as a channel": {
        "monitoring": {
            "enabled": True,
            "receivers": {"slack": {"channel": f"https://hooks.slack.com/services/T0A1B2C3D/B0A1B2C3D/{MARKER}"}},
        }
    },
    "a header as a reason": {
        "policy": {"exceptions": [{"rule": "image-pinned", "resource": "a", "reason": f"Authorization: Bearer {MARKER}Zq8Lm3Xw7Rt"}]}
    },
    "a token as an owner": {"quality": {"enabled": True, "owners": {"public.users": f"ghp_{MARKER}Zq8Lm3Xw7RtZq8Lm3Xw7Rtab12"}}},
    "a login in a default": {
        "source": {
            "tables": [
                {
                    "name": "things",
                    "columns": [
                        {"name": "id", "type": "bigint"},
                        {"name": "a", "type": "text", "default": f"'postgresql://me:{MARKER}@db.example.com/shop'"},
                    ],
                }
            ]
        }
    },
    "a token as an audience": {"archive": {"webIdentity": {"audience": f"glpat-{MARKER}Zq8Lm3Xw7Rt"}}},
    "a key of the worker": {"streaming": {"connect": {"extra": {"metrics.context.apikey": MARKER}}}},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.adversary("secrets")
def test_a_credential_in_a_setting_is_refused_and_not_shown(case: str) -> None:
    with pytest.raises(SettingsError) as caught:
        specify({"archive": {"bucket": "shop-archive"}, **CASES[case]})
    assert MARKER not in str(caught.value)
