"""`python -m ucc.controller`: run until SIGTERM; calls go on without us."""

from __future__ import annotations

import asyncio
import contextlib
import signal

from ucc.config import get_settings
from ucc.controller.app import Controller
from ucc.kit.logging import configure_logging
from ucc.secrets import get_secrets


async def main() -> None:
    controller = Controller(get_settings(), get_secrets())
    task = asyncio.create_task(controller.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    finally:
        await controller.close()


if __name__ == "__main__":
    configure_logging("controller")
    asyncio.run(main())
