"""The proxy and the mail catcher, as the stack starts them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx2
import pytest

from deploy.embedded.home import Home
from deploy.embedded.ports import LOOPBACK
from deploy.embedded.process import Child
from deploy.embedded.services import Service, mail_catcher, proxy

ANSWER = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@asynccontextmanager
async def _backend(home: Home, name: str, end: asyncio.Event) -> AsyncIterator[Service]:
    """Say who was asked for what as a first event, and keep the stream open."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1]
        text = name.encode() + b" " + path + b"\n"
        writer.write(ANSWER.encode() + f"{len(text):x}\r\n".encode() + text + b"\r\n")
        await writer.drain()
        await end.wait()
        writer.close()

    port = home.port(name)
    server = await asyncio.start_server(answer, LOOPBACK, port)
    async with server:
        yield Service(name, port, Child(["true"], log=home.log(name)))
        end.set()


@asynccontextmanager
async def _running(one: Service, path: str) -> AsyncIterator[str]:
    one.child.start()
    async with httpx2.AsyncClient() as client, asyncio.timeout(10):
        while True:
            assert one.child.running, one.child.last_words()
            try:
                await client.get(f"{one.url}{path}")
                break
            except httpx2.HTTPError:
                await asyncio.sleep(0.02)
    yield one.url
    await asyncio.to_thread(one.child.stop)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.prepare()
    return home


async def test_one_origin_leads_every_path_to_its_service_and_streams_at_once(home: Home) -> None:
    end = asyncio.Event()
    names = ("intake", "matching-1", "matching-2", "notifications", "mail")
    async with (
        _backend(home, names[0], end) as intake,
        _backend(home, names[1], end) as first,
        _backend(home, names[2], end) as second,
        _backend(home, names[3], end) as notifications,
        _backend(home, names[4], end) as mail,
        _running(
            proxy(home, home.port("address"), {one.name: one for one in (intake, first, second, notifications, mail)}), "/metrics"
        ) as address,
        httpx2.AsyncClient(timeout=5) as client,
    ):

        async def first_line(path: str) -> str:
            async with client.stream("GET", f"{address}{path}") as answer:
                return await anext(answer.aiter_lines())

        assert await first_line("/vacancies?status=open") == "intake /vacancies?status=open"
        assert await first_line("/notifications/stream") == "notifications /notifications/stream"
        assert await first_line("/mail/") == "mail /mail/"
        asked = {await first_line("/matching/explain") for _ in range(4)}
        assert asked == {"matching-1 /matching/explain", "matching-2 /matching/explain"}

        for path in (
            "/operator/counts",
            "/matching/operator/counts",
            "/notifications/operator/people",
            "/notifications/%6Fperator/people",
            "//operator/counts",
            "/metrics",
            "/matching/metrics",
            "/healthz",
            "/readyz",
        ):
            answer = await client.get(f"{address}{path}")
            assert answer.status_code == 404, path
        # Another name for this address is no way in (DNS rebinding).
        answer = await client.get(f"{address}/vacancies", headers={"Host": "evil.example"})
        assert "intake" not in answer.text


async def test_a_message_is_kept_over_a_restart_and_shown_without_its_markup_taking_effect(home: Home) -> None:
    smtp_port = home.port("smtp")
    catcher = mail_catcher(home, smtp_port)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "varsel@ledigplads.example",
        "rådgiver@kommune.example",
        "Ny <b>plads</b> på Fyn",
    )
    message["Message-ID"], message["X-Ledigplads-Need"] = "<1@ledigplads.example>", "need-1"
    message.set_content("Én plads er ledig.\n")
    async with _running(catcher, "/readyz"):
        await aiosmtplib.send(message, hostname=LOOPBACK, port=smtp_port)
    async with _running(catcher, "/readyz") as url, httpx2.AsyncClient() as client:
        [line] = (await client.get(f"{url}/mail/messages")).text.splitlines()
        count = (await client.get(f"{url}/mail/count")).json()
        page = (await client.get(f"{url}/mail/")).text
        one = (await client.get(f"{url}/mail/messages/1")).json()
        missing = await client.get(f"{url}/mail/messages/2")

    assert count == {"messages": 1}
    assert one["message_id"] == "<1@ledigplads.example>"
    assert one["to"] == "rådgiver@kommune.example"
    assert one["text"] == "Én plads er ledig.\n"
    assert one["headers"] == {"X-Ledigplads-Need": "need-1"}
    assert '"number":1' in line
    assert "Ny &lt;b&gt;plads&lt;/b&gt; på Fyn" in page
    assert missing.status_code == 404
