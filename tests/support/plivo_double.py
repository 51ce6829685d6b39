"""Stands where Plivo is asked whether an account's token is right."""

import asyncio

from masking_console.models.account import Account, AccountDetails
from masking_console.models.plain_text import plain_text


class PlivoDouble:
    """Answers the check of an account when it is let, and remembers what was asked."""

    def __init__(self, name: str = "Acme Logistics") -> None:
        self.asked: list[Account] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.problem: Exception | None = None
        self._name = name

    async def __call__(self, account: Account) -> AccountDetails:
        self.asked.append(account)
        await self.may_answer.wait()
        if self.problem is not None:
            raise self.problem
        return AccountDetails(plain_text(self._name), plain_text("an-api-id"))
