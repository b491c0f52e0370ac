"""A mail server that takes everything and keeps nothing: as little work of its own as SMTP allows."""

import asyncio
import contextlib
import multiprocessing
import os
import socket
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import uvloop

BYE = b"221 bye\r\n"


class Sink(asyncio.Protocol):
    """One connection: answers each command, and the final dot; what came together is answered together."""

    def __init__(self, taken: int | None) -> None:
        self.log = taken

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.rest, self.in_body = transport, b"", False
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        answers = list[bytes]()
        while self.rest and (answer := self.next_answer()):
            answers.append(answer)
        if answers:
            self.transport.write(b"".join(answers))
        if answers and answers[-1] == BYE:
            self.transport.close()

    def next_answer(self) -> bytes | None:
        end = self.rest.find(b"\r\n.\r\n" if self.in_body else b"\r\n")
        if end < 0 and not (self.in_body and self.rest.startswith(b".\r\n")):
            return None
        if not self.in_body:
            line, self.rest = self.rest[:end].upper(), self.rest[end + 2 :]
            return self.answer(line)
        # The dot may come in a packet of its own, after the line end that came with the body.
        self.rest, self.in_body = (self.rest[end + 5 :] if end >= 0 else self.rest[3:]), False
        if self.log is not None:
            os.write(self.log, f"{self.sender} {time.time()}\n".encode())
        return b"250 2.0.0 taken\r\n"

    def answer(self, line: bytes) -> bytes:
        if line.startswith(b"MAIL"):
            self.sender = line[11:-1].decode().lower()
        elif line.startswith(b"DATA"):
            self.in_body = True
            return b"354 go on\r\n"
        elif line.startswith(b"QUIT"):
            return BYE
        elif line.startswith(b"EHLO"):
            return b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
        return b"250 ok\r\n"


@contextlib.contextmanager
def sink(log: Path | None = None) -> Iterator[int]:
    """Run the sink in a process of its own; yields its port. In `log` stands when the dot of each mail came, by its return path."""

    async def serve(listening: socket.socket) -> None:
        taken = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if log else None
        server = await asyncio.get_running_loop().create_server(lambda: Sink(taken), sock=listening)
        await server.serve_forever()

    with _serving(serve) as port:
        yield port


@contextlib.contextmanager
def far_away(port: int, seconds: float) -> Iterator[int]:
    """Run a proxy before a port of this machine that makes each answer come `seconds` later; yields the proxy's port."""

    async def serve(listening: socket.socket) -> None:
        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_later(reader, back, seconds / 2), _later(there, writer, seconds / 2))

        server = await asyncio.start_server(carry, sock=listening)
        await server.serve_forever()

    with _serving(serve) as far_port:
        yield far_port


async def _later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    loop, last = asyncio.get_running_loop(), 0.0
    while data := await reader.read(65536):
        # Timers of one moment may fire in any order; bytes must not.
        last = max(last + 1e-6, loop.time() + seconds)
        loop.call_at(last, writer.write, data)
    loop.call_later(seconds, writer.close)


@contextlib.contextmanager
def _serving(serve: Callable[[socket.socket], Coroutine[Any, Any, None]]) -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(200)
        process = multiprocessing.get_context("fork").Process(target=lambda: uvloop.run(serve(listening)), daemon=True)
        process.start()
        yield listening.getsockname()[1]
        process.terminate()
        process.join()
