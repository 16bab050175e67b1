"""Ports on loopback that are free now and stay free while their server is restarted."""

import secrets
import socket

LOOPBACK = "127.0.0.1"

# Below Linux' and macOS' ephemeral ranges. A client that keeps reconnecting to a dead server's port inside that range can
# be given the very same port as its own, connects to itself, and the server can then never have it back.
_FIRST, _LAST = 20_000, 32_000
_TRIES = 200


def is_free(port: int) -> bool:
    """Whether a server may listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(taken: frozenset[int] = frozenset()) -> int:
    """Return a free loopback port outside the ephemeral range, none of those already promised."""
    for _ in range(_TRIES):
        port = _FIRST + secrets.randbelow(_LAST - _FIRST)
        if port not in taken and is_free(port):
            return port
    message = f"no free port between {_FIRST} and {_LAST}"
    raise OSError(message)


def free_ports(count: int) -> list[int]:
    """Return that many different free ports."""
    ports: list[int] = []
    while len(ports) < count:
        ports.append(free_port(frozenset(ports)))
    return ports
