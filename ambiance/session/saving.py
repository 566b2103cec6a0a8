"""Saving off the loop, one question after another, and what waits while the store takes nothing."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import structlog

from ambiance.clock import Instant
from ambiance.session.model import Changes
from ambiance.session.store import Store


class Saving:
    """Everything the conductor asks of the store. Without an `executor` it has a thread of its own."""

    def __init__(self, store: Store, executor: Executor | None = None) -> None:
        self.store = store
        self._executor = executor or ThreadPoolExecutor(1, thread_name_prefix="store")
        self._unsaved = Changes()

    async def save(self, changes: Changes, instant: Instant, always: bool = False) -> bool:
        """Write what waited and `changes` in one transaction; with nothing to write only if `always`. Returns whether it wrote.

        Raises what `Store.save` raises; what waited then still waits.
        """
        joined = self._unsaved.joined(changes)
        if not joined and not always:
            return False
        await self.ask(self.store.save, joined.at(instant))
        self._unsaved = Changes()
        return True

    def later(self, changes: Changes) -> None:
        """To be written with the next save."""
        self._unsaved = self._unsaved.joined(changes)

    async def sweep(self, now: Instant) -> None:
        """Erase what has had its hours; if that fails, the next time will do."""
        await self._forget(self.store.sweep, now)

    async def tidy(self, now: Instant) -> bool:
        """Erase what has had its days; False where that failed."""
        return await self._forget(self.store.tidy, now)

    async def _forget(self, do: Callable[[Instant], None], now: Instant) -> bool:
        try:
            await self.ask(do, now)
        except Exception as error:
            structlog.get_logger("conductor").warning("sweep_failed", reason=type(error).__name__)
            return False
        return True

    async def ask(self, do: Callable[..., Any], *args: Any) -> Any:
        """Call the store on its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, do, *args)

    def close(self) -> None:
        self._executor.shutdown(wait=True)
