"""A mail server that delivers nowhere: it keeps every message as a file and shows them in the browser.

`python -m deploy.embedded.mailcatcher --folder FOLDER --smtp-port N --port N`
"""

import argparse
import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default as policy
from pathlib import Path

import orjson
import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from jinja2 import DictLoader, Environment
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from deploy.embedded.ports import LOOPBACK

_OWN_HEADERS = "x-ledigplads-"
_PAGE = """\
<!doctype html>
<html lang="da">
<head>
  <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Post ({{ messages|length }}) – Ledigplads</title>
  <style>
    body { font: 1rem/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff }
    details { border-top: 1px solid #767676; padding: .6rem 0 } summary { cursor: pointer } pre { white-space: pre-wrap; font: inherit; margin: .6rem 0 0 1.1rem }
    .en { color: #595959 } time, .to { color: #595959 }
  </style>
</head>
<body>
<main>
  <h1>Post</h1>
  <p>Al post fra denne installation ender her og sendes ikke videre. <span class="en" lang="en">All mail of this installation ends here and goes no further.</span></p>
  {% for number, message in messages %}
  <details id="message-{{ number }}">
    <summary><strong>{{ message.subject }}</strong> <span class="to">til {{ message.to }}</span> <time>{{ message.date }}</time></summary>
    <pre>{{ message.text }}</pre>
  </details>
  {% else %}
  <p>Her er ingen post endnu. <span class="en" lang="en">No mail yet.</span></p>
  {% endfor %}
</main>
</body>
</html>
"""
_PAGES = Environment(loader=DictLoader({"mail.html": _PAGE}), autoescape=True)
_SHOWN_ON_A_PAGE = 200


class Mailbox:
    """Messages as numbered files; a message is on disk before its sender hears that it was taken."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._count = max((int(path.stem) for path in folder.glob("*.eml")), default=0)

    def __len__(self) -> int:
        return self._count

    def add(self, content: bytes) -> None:
        """Keep a message."""
        number = self._count + 1
        scratch = self._folder / f"{number}.part"
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(self._path(number))
        self._count = number

    def read(self, number: int) -> dict[str, object]:
        """One message, as the command line and the page show it."""
        message = message_from_bytes(self._path(number).read_bytes(), policy=policy)
        body = message.get_body(preferencelist=("plain", "html"))
        return {
            "number": number,
            "message_id": str(message["Message-ID"] or ""),
            "to": str(message["To"] or ""),
            "subject": str(message["Subject"] or ""),
            "date": str(message["Date"] or ""),
            "text": body.get_content().replace("\r\n", "\n") if body is not None else "",
            "headers": {name: str(value) for name, value in message.items() if name.lower().startswith(_OWN_HEADERS)},
        }

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08d}.eml"


class Receiver:
    """aiosmtpd's handler: takes everything for everybody."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the message, then say so."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        self._mailbox.add(content)
        return "250 OK"


def build_app(mailbox: Mailbox, smtp_port: int) -> Starlette:
    """The pages and the SMTP server, which lives as long as they do."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Receiver(mailbox), enable_SMTPUTF8=True), LOOPBACK, smtp_port)
        async with server:
            yield

    # Not async: thousands of messages take seconds to parse, and a thread of their own; the SMTP side goes on meanwhile.
    def page(_request: Request) -> Response:
        newest = range(len(mailbox), max(0, len(mailbox) - _SHOWN_ON_A_PAGE), -1)
        return HTMLResponse(_PAGES.get_template("mail.html").render(messages=[(n, mailbox.read(n)) for n in newest]))

    def messages(_request: Request) -> Response:
        lines = (orjson.dumps(mailbox.read(n)) + b"\n" for n in range(1, len(mailbox) + 1))
        return StreamingResponse(lines, media_type="application/x-ndjson")

    async def count(_request: Request) -> Response:
        return JSONResponse({"messages": len(mailbox)})

    async def message(request: Request) -> Response:
        number = int(request.path_params["number"])
        if not 1 <= number <= len(mailbox):
            return PlainTextResponse("Beskeden findes ikke. No such message.", status_code=404)
        return JSONResponse(mailbox.read(number))

    async def ready(_request: Request) -> Response:
        return JSONResponse({"ready": True, "checks": {"mailbox": {"ok": True, "detail": f"{len(mailbox)} messages"}}})

    return Starlette(
        routes=[
            Route("/mail/", page),
            Route("/mail/count", count),
            Route("/mail/messages", messages),
            Route("/mail/messages/{number:int}", message),
            Route("/healthz", ready),
            Route("/readyz", ready),
        ],
        lifespan=lifespan,
    )


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    uvicorn.run(
        build_app(Mailbox(given.folder), given.smtp_port),
        host=LOOPBACK,
        port=given.port,
        access_log=False,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
