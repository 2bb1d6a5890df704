import socket

from ucc.config import Settings
from ucc.stack.ports import list_taken


def test_a_port_that_another_program_holds_is_named_with_the_program() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.77", 0))
        other.listen()
        port = other.getsockname()[1]
        settings = Settings(address="127.0.0.77", api_port=port)
        (text,) = list_taken(settings, {"api"})
    assert f"api needs TCP 127.0.0.77:{port}, which process" in text


def test_an_address_that_this_machine_does_not_have() -> None:
    (text,) = list_taken(Settings(address="192.0.2.1"), {"api"})
    assert "cannot be bound" in text
