"""What Kamailio says of a phone, read into a registration."""

from __future__ import annotations

from typing import Any

import pytest

from ucc.border.rpc import Registration, RpcError, read_registrations, read_source


def contact(**changes: Any) -> dict[str, Any]:
    values = {
        "Address": "sip:8001@10.0.0.5:5062;transport=tcp",
        "Expires": 300,
        "Received": "",
        "Socket": "udp:127.0.0.1:5060",
        "User-Agent": "Phone 1.0",
        "Last-Modified": 1000,
    }
    return {"Contact": values | changes}


def test_a_phone() -> None:
    (found,) = read_registrations("8001", {"Contacts": [contact()]}, 1100.0)
    assert found == Registration("8001", "10.0.0.5:5062", "udp", "Phone 1.0", 1000.0, 1400.0)


def test_behind_nat_it_is_where_its_requests_come_from() -> None:
    behind = contact(Received="sip:192.0.2.7:40001;transport=ws", Socket="ws:127.0.0.1:8060")
    (found,) = read_registrations("8001", {"Contacts": [behind]}, 0.0)
    assert (found.source, found.transport) == ("192.0.2.7:40001", "ws")


@pytest.mark.parametrize("left", [0, -5, "expired", "deleted"])
def test_what_has_ended_is_not_registered(left: object) -> None:
    assert read_registrations("8001", {"Contacts": [contact(Expires=left)]}, 0.0) == []


@pytest.mark.parametrize("found", [{}, {"Contacts": [{}]}, {"Contacts": [{"Contact": {"Expires": 5}}]}])
def test_another_form_is_an_error(found: dict[str, Any]) -> None:
    with pytest.raises(RpcError):
        read_registrations("8001", found, 0.0)


def test_addresses() -> None:
    assert read_source("sips:8001@[2001:db8::1]:5061;ob") == "[2001:db8::1]:5061"
