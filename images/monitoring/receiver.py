# ruff: noqa: INP001 - a file of an image, not of a package
"""Receiver of alerts in the sandbox: an SMTP server and a server for webhooks, which keep the last messages and show them as JSON.

Nothing is sent on. `GET /received` gives the messages, oldest first, each with the time of its arrival in seconds since 1970.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from email import message_from_bytes, policy

MAIL_PORT, WEB_PORT = 2525, 8080
_MOST = 500
_LARGEST = 1024 * 1024
received: deque[dict[str, object]] = deque(maxlen=_MOST)


def keep(kind: str, content: dict[str, object]) -> None:
    """Keep a message with the time of its arrival."""
    received.append({"kind": kind, "at": time.time(), **content})


async def mail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take mails from one client: enough of RFC 5321 for a client that neither encrypts nor logs in."""

    async def say(line: str) -> None:
        writer.write(f"{line}\r\n".encode())
        await writer.drain()

    await say("220 receiver ready")
    while command := (await reader.readline()).decode("latin-1").strip():
        verb = command[:4].upper()
        if verb == "DATA":
            await say("354 end with a dot")
            lines = []
            while (line := await reader.readline()) not in (b".\r\n", b""):
                lines.append(line[1:] if line.startswith(b"..") else line)
            message = message_from_bytes(b"".join(lines), policy=policy.default)
            body = message.get_body(("plain", "html"))
            text = body.get_content() if body is not None else ""
            keep("mail", {"to": str(message["To"]), "subject": str(message["Subject"]), "text": text})
            await say("250 kept")
        elif verb == "QUIT":
            await say("221 bye")
            break
        else:
            await say("250 ok")
    writer.close()


async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request: keep the JSON of a POST, show what was kept for a GET."""
    method, path, *_ = [*(await reader.readline()).decode("latin-1").split(), "", ""]
    length = 0
    while (line := (await reader.readline()).decode("latin-1").strip()) and ":" in line:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            length = min(int(value), _LARGEST)
    body = await reader.readexactly(length)
    # Slack's own answer to a message; of JSON Alertmanager asks more
    answer, code, kind = b"ok", "200 OK", "text/plain"
    if method == "POST":
        try:
            keep("webhook", {"path": path, "body": json.loads(body)})
        except ValueError:
            code = "400 Bad Request"
    elif path == "/received":
        answer, kind = json.dumps(list(received)).encode(), "application/json"
    writer.write(f"HTTP/1.1 {code}\r\nContent-Type: {kind}\r\nContent-Length: {len(answer)}\r\nConnection: close\r\n\r\n".encode())
    writer.write(answer)
    await writer.drain()
    writer.close()


async def main() -> None:
    """Listen until the process ends."""
    servers = [await asyncio.start_server(mail, port=MAIL_PORT, limit=_LARGEST), await asyncio.start_server(web, port=WEB_PORT)]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())
