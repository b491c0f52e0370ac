"""A mail server that takes everything and keeps nothing: as little work of its own as SMTP allows."""

import asyncio
import contextlib
import multiprocessing
import socket
from collections.abc import Iterator


class Sink(asyncio.Protocol):
    """One connection: answers each command, and the final dot."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.rest, self.in_body = transport, b"", False
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while self.rest:
            end = self.rest.find(b"\r\n.\r\n" if self.in_body else b"\r\n")
            if end < 0 and not (self.in_body and self.rest.startswith(b".\r\n")):
                return
            if self.in_body:
                # The dot may come in a packet of its own, after the line end that came with the body.
                self.rest, self.in_body = (self.rest[end + 5 :] if end >= 0 else self.rest[3:]), False
                self.transport.write(b"250 2.0.0 taken\r\n")
            else:
                self.answer(self.rest[:end].upper())
                self.rest = self.rest[end + 2 :]

    def answer(self, line: bytes) -> None:
        if line.startswith(b"DATA"):
            self.in_body = True
            self.transport.write(b"354 go on\r\n")
        elif line.startswith(b"QUIT"):
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        elif line.startswith(b"EHLO"):
            self.transport.write(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
        else:
            self.transport.write(b"250 ok\r\n")


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """Run the sink in a process of its own; yields its port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(200)
        process = multiprocessing.get_context("fork").Process(target=_serve, args=(listening,), daemon=True)
        process.start()
        yield listening.getsockname()[1]
        process.terminate()
        process.join()


def _serve(listening: socket.socket) -> None:
    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(Sink, sock=listening)
        await server.serve_forever()

    asyncio.run(forever())
