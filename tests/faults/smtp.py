"""A mail server that writes down all it saw before it answers, and misbehaves by script: `python -m tests.faults.smtp FOLDER`."""

import asyncio
import json
import os
import random
import re
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path

import psutil

from tests.faults.clockwork import live

# Signed or, from a worker of the commit before, not yet.
TAIL = re.compile(rb"b\+([0-9a-f]{32})[.@]")
PATH = re.compile(rb"<([^>]*)>")
# With the lines it goes on in (RFC 5322, 2.2.3).
TO = re.compile(rb"^To:.*\r\n(?:[ \t].*\r\n)*", re.IGNORECASE | re.MULTILINE)
FINE = {"CONNECT": "220 faults.test", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", "DOT": "250 2.0.0 taken"}
FINE |= {"EHLO": "250-faults.test\r\n250-PIPELINING\r\n250 8BITMIME", "RSET": "250 ok", "NOOP": "250 ok", "QUIT": "221 bye"}
LIMIT = 2**20


@dataclass
class Rule:
    """What to do at a verb instead of what is right.

    `answer` is an SMTP reply, or one of: close · silent · slow 1.5 (right, but so many seconds late) · and at DOT, after the mail was
    taken all the same: take-close, take-silent, take-kill (the client is killed before it reads an answer); lose-kill kills it and
    takes nothing.
    """

    verb: str
    answer: str
    chance: float = 1.0
    times: int = 10**9
    after: int = 0
    # Only where the recipient is this one; known from RCPT on.
    to: str = ""


class Script:
    """The rules in force, read again whenever their file changes; how often each has struck is kept in the log."""

    def __init__(self, path: Path) -> None:
        self.path, self.stamp, self.rules, self.dice = path, 0, list[Rule](), random.Random(7)

    def next(self, verb: str, carried: int, to: str) -> str | None:
        """Return how to misbehave at this verb to a recipient on a connection that has carried so many messages; None: not at all."""
        with suppress(FileNotFoundError):
            if (stamp := self.path.stat().st_mtime_ns) != self.stamp:
                self.stamp, self.rules = stamp, [Rule(**each) for each in json.loads(self.path.read_text())]
        for rule in self.rules:
            meant = rule.verb == verb and rule.to in ("", to) and carried >= rule.after
            if meant and rule.times > 0 and self.dice.random() < rule.chance:
                rule.times -= 1
                return rule.answer
        return None


def write_script(path: Path, *rules: Rule) -> None:
    """Put rules into force, whole or not at all."""
    spare = path.with_suffix(".new")
    spare.write_text(json.dumps([asdict(rule) for rule in rules]))
    os.replace(spare, path)


class Server:
    """Its log, its script and its clock; connections are numbered."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.numbers = folder, count(1)
        self.script, self.clock = Script(folder / "script.json"), live(folder / "clock.json")
        self.log = os.open(folder / "seen.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.headers = os.open(folder / "headers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, what: str, id: str, connection: int, **more: int | str) -> None:
        """Write a line: it outlives this process once write() has returned, and no answer goes out before."""
        line = {"what": what, "id": id, "at": time.time(), "shown": self.clock()().isoformat(), "connection": connection, **more}
        os.write(self.log, json.dumps(line).encode() + b"\n")

    def keep_headers(self, mime: bytes) -> None:
        """Keep every header but To, to be searched for what may not stand there."""
        os.write(self.headers, TO.sub(b"", mime.partition(b"\r\n\r\n")[0] + b"\r\n"))

    def kill_client(self, port: int) -> None:
        """Kill the worker at the other end of a connection, before it can read an answer."""
        for file in (self.folder / "pids").iterdir():
            with suppress(psutil.Error, ValueError, OSError):
                worker = psutil.Process(int(file.read_text()))
                if any(each.laddr and each.laddr.port == port for each in worker.net_connections("tcp")):
                    worker.send_signal(signal.SIGKILL)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end, whatever that is."""
        talk = Talk(self, reader, writer, next(self.numbers))
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await talk.run()
        if talk.last and not talk.polite:
            self.note("broken", talk.last, talk.number)
        writer.close()


class Talk:
    """One connection."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.server, self.reader, self.writer, self.number = server, reader, writer, number
        self.last, self.polite, self.carried, self.open, self.to, self.named = "", False, 0, False, "", ""
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def run(self) -> None:
        """Greet, then answer line by line."""
        await self.answer("CONNECT")
        while line := await self.reader.readline():
            verb = line[:4].upper().decode("ascii", "replace").strip()
            if verb == "MAIL" and self.open:
                # As many a real server says to whoever forgot RSET after a refusal.
                await self.say("503 5.5.1 sender already specified")
                continue
            if verb == "MAIL":
                self.last, self.open, self.to = _id_of(line), False, ""
            if (verb == "RCPT" and not self.open) or (verb == "DATA" and not self.to):
                await self.say("503 5.5.1 out of order")
                continue
            self.named = _path_of(line) if verb == "RCPT" else self.named if self.open else ""
            taken = await self.answer("EHLO" if verb == "HELO" else verb)
            self.open = taken if verb == "MAIL" else self.open and verb != "RSET"
            if verb == "RCPT" or not self.open:
                self.to = self.named if verb == "RCPT" and taken else ""
            if verb == "DATA" and taken:
                await self.read_body()
            if verb == "QUIT":
                self.polite = True
                return

    async def read_body(self) -> None:
        """Read up to the final dot, then take the mail or not."""
        if self.misbehaviour("BODY") == "close":
            await self.reader.read(200)
            self.hang_up()
        lines: list[bytes] = []
        while (line := await self.reader.readline()) != b".\r\n":
            if not line.endswith(b"\n"):
                raise ConnectionResetError
            lines.append(line[1:] if line.startswith(b"..") else line)
        mime = b"".join(lines)
        mail = {"to": self.to, "digest": sha256(mime).hexdigest()}
        self.open, self.to = False, ""
        self.server.note("dotted", self.last, self.number, **mail)
        how = self.misbehaviour("DOT") or FINE["DOT"]
        if how.startswith(("2", "take-", "slow")):
            self.server.note("taken", self.last, self.number, **mail)
            self.server.keep_headers(mime)
        self.carried += 1
        await self.act("DOT", how.removeprefix("take-").removeprefix("lose-"))

    async def answer(self, verb: str) -> bool:
        """Answer a verb as it is right, or as the script says; True when that was a yes."""
        return await self.act(verb, self.misbehaviour(verb) or FINE.get(verb, "502 5.5.2 unknown"))

    def misbehaviour(self, verb: str) -> str | None:
        """Return what the script says for this verb, on record; None where it says nothing."""
        how = self.server.script.next(verb, self.carried, self.named)
        if how:
            self.server.note("struck", self.last, self.number)
        return how

    async def act(self, verb: str, how: str) -> bool:
        """Do what a rule says."""
        if how == "kill":
            self.server.kill_client(self.writer.get_extra_info("peername")[1])
        if how in ("close", "kill"):
            self.hang_up()
        if how == "silent":
            await self.reader.read()
            raise ConnectionResetError
        if how.startswith("slow"):
            await asyncio.sleep(float(how.removeprefix("slow ")))
            how = FINE[verb]
        code = int(how[:3])
        if verb == "DOT":
            self.server.note("answered", self.last, self.number, code=code)
        if code >= 400:
            self.server.note("refused", self.last, self.number, code=code)
        await self.say(how)
        if code == 421 or (verb == "CONNECT" and code != 220):
            self.hang_up()
        return code < 400

    async def say(self, words: str) -> None:
        """Write a reply."""
        self.writer.write(words.encode() + b"\r\n")
        await self.writer.drain()

    def hang_up(self) -> None:
        """Leave without a word."""
        self.writer.close()
        raise ConnectionResetError


def _id_of(mail_from: bytes) -> str:
    found = TAIL.search(mail_from)
    return found.group(1).decode() if found else "unnamed"


def _path_of(rcpt_to: bytes) -> str:
    found = PATH.search(rcpt_to)
    return found.group(1).decode() if found else "unnamed"


async def main(folder: Path, port: int) -> None:
    """Serve on a port until the process ends."""
    serving = await asyncio.start_server(Server(folder).serve, "127.0.0.1", port, limit=LIMIT)
    await serving.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
