"""Ports that nobody answers on."""

import socket


def hold(host: str, port: int) -> socket.socket:
    """Return a socket that keeps this port and does not listen: another server that was given it would answer in our place."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((host, port))
    return holder
