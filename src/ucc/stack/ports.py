"""Finds out, before anything is started, which of our ports another program holds: a clear word instead of a failing
service.
"""

from __future__ import annotations

import errno
import socket

import psutil

from ucc.config import Settings


def list_ports(settings: Settings) -> list[tuple[str, socket.SocketKind, str, int]]:
    """(service, kind, address, port) of everything that will listen."""
    tcp, udp = socket.SOCK_STREAM, socket.SOCK_DGRAM
    address = settings.address
    ports = [
        ("kamailio", udp, address, settings.sip_port),
        ("kamailio", tcp, address, settings.sip_port),
        ("kamailio", tcp, address, settings.sip_ws_port),
        ("kamailio", tcp, address, settings.border_rpc_port),
        ("asterisk", udp, address, settings.switch_sip_port),
        ("asterisk", tcp, address, settings.ari_port),
        ("controller", tcp, address, settings.ari_event_port),
        ("controller", tcp, address, settings.controller_port),
        ("controller", udp, address, settings.dtmf_port),
        ("rtpengine", udp, address, settings.ng_port),
        ("api", tcp, address, settings.api_port),
    ]
    if settings.database_url is None:
        ports.append(("postgres", tcp, address, settings.postgres_port))
    if settings.is_demo:
        ports.append(("emulator", udp, settings.emulator_address, settings.emulator_sip_port))
        ports.append(("emulator", tcp, settings.emulator_address, settings.emulator_ari_port))
    return ports


def list_taken(settings: Settings, services: set[str]) -> list[str]:
    """One line of text for each port of `services` that cannot be bound."""
    taken = []
    for service, kind, address, port in list_ports(settings):
        if service in services and (why := _find_obstacle(kind, address, port)):
            name = "TCP" if kind is socket.SOCK_STREAM else "UDP"
            taken.append(f"{service} needs {name} {address}:{port}, {why}")
    return taken


def _find_obstacle(kind: socket.SocketKind, address: str, port: int) -> str | None:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:  # a port in TIME_WAIT is free for our services
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"which {_find_holder(kind, address, port)} holds"
            return f"which cannot be bound: {error.strerror}"
    return None


def _find_holder(kind: socket.SocketKind, address: str, port: int) -> str:
    for held in psutil.net_connections("inet4"):
        is_listening = held.type == kind and held.laddr and not held.raddr and held.laddr.port == port
        if is_listening and held.laddr.ip in (address, "0.0.0.0") and held.pid:  # noqa: S104  compared, not bound
            return f"process {held.pid} ({psutil.Process(held.pid).name()})"
    return "another program"
