"""Where the HTTP server will listen, taken before anything else is: a second start by mistake ends here and takes nothing over."""

import asyncio
import socket


async def doorstep(host: str, port: int) -> list[socket.socket]:
    """Sockets that are bound there and heard by nobody yet; port 0 is any free one. Raises OSError if the port is taken."""
    try:
        held = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port, start_serving=False)
    except OSError as error:
        raise OSError(f"the HTTP server could not listen on {host}:{port}; is the port taken? ({error.strerror or error})") from None
    try:
        return [each.dup() for each in held.sockets]
    finally:
        held.close()
