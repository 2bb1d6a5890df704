"""`python -m ucc.api`: the API and the console on `address`:`api_port`."""

from __future__ import annotations

import logging

import uvicorn

from ucc.config import get_settings
from ucc.kit.logging import configure_logging, get_logger


def main() -> None:
    configure_logging("api")
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    settings = get_settings()
    get_logger("api").info("listening", address=settings.address, port=settings.api_port)
    uvicorn.run(
        "ucc.app:create_app",
        factory=True,
        host=settings.address,
        port=settings.api_port,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws_max_size=4096,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
