"""Where the server listens: taken first, heard last, and called as an address is called."""

import asyncio

import pytest
from starlette.types import Receive, Scope, Send

from ambiance.panel.doorstep import doorstep
from ambiance.panel.server import listener


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers nobody."""


def test_a_port_is_taken_before_anybody_is_heard_there_and_heard_once_it_is_served() -> None:
    async def play() -> None:
        (door,) = await doorstep("127.0.0.1", 0)
        port = door.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        server = listener(nothing, "127.0.0.1", port)
        serving = asyncio.create_task(server.serve([door]))
        await server.listening(serving)
        assert server.url == f"http://127.0.0.1:{port}"
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        with pytest.raises(OSError, match=f"could not listen on 127.0.0.1:{port}; is the port taken"):
            await doorstep("127.0.0.1", port)
        server.should_exit = server.force_exit = True
        await serving

    asyncio.run(play())


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    async def play() -> None:
        # How its address is written needs no machine that speaks IPv6.
        (door,) = await doorstep("127.0.0.1", 0)
        server = listener(nothing, "::1", 0)
        serving = asyncio.create_task(server.serve([door]))
        await server.listening(serving)
        assert server.url == f"http://[::1]:{door.getsockname()[1]}"
        server.should_exit = server.force_exit = True
        await serving

    asyncio.run(play())
