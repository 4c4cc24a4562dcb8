"""Acts as officers do: over HTTP, with a token, at one agency's desk."""

import time
from pathlib import Path
from typing import Any

import httpx2

from deploy.dev.cast import token
from deploy.dev.home import Ports

WAIT_S = 30.0


class Refused(Exception):
    """A desk said no; the text is its coded problem."""


class DeskClient:
    """One agency's desk; every call names the officer who makes it."""

    def __init__(self, agency: str, home: Path) -> None:
        self.agency = agency
        self.home = home
        self.url = f"http://127.0.0.1:{Ports.of(home).http}"
        self._http = httpx2.Client(base_url=self.url, timeout=10)

    def get(self, officer: str, path: str) -> Any:  # noqa: ANN401  whatever JSON the route answers
        """The answer's JSON; Refused for a problem."""
        return self._answer(self._http.get(path, headers=self._headers(officer)))

    def post(self, officer: str, path: str, body: dict[str, Any] | bytes | None = None, **headers: str) -> Any:  # noqa: ANN401
        """As `get`, with a JSON body or raw bytes."""
        sent = {"content": body} if isinstance(body, bytes) else {"json": body or {}}
        return self._answer(self._http.post(path, headers=self._headers(officer) | headers, **sent))

    def case(self, officer: str, case: str) -> Any:  # noqa: ANN401
        """The case as this desk sees it now, or None if it is not there (yet)."""
        try:
            return self.get(officer, f"/cases/{case}")
        except Refused:
            return None

    def await_case(self, officer: str, case: str, ready: Any, within_s: float = WAIT_S) -> Any:  # noqa: ANN401
        """The case once `ready(case)` holds; TimeoutError if it does not in time.

        Each look names what was seen before, so that only what has changed is shown, and noted in the access log.
        """
        end, known = time.monotonic() + within_s, ""
        while time.monotonic() < end:
            headers = self._headers(officer) | {"If-None-Match": known}
            answer = self._http.get(f"/cases/{case}", headers=headers)
            known = answer.headers.get("ETag", known)
            if answer.is_success and ready(answer.json()):
                return answer.json()
            time.sleep(0.02)
        raise TimeoutError(f"{self.agency}: the case did not get there within {within_s} s")

    def await_items(self, officer: str, path: str, case: str, within_s: float = WAIT_S) -> list[Any]:
        """What a list of this desk has of a case, once it has anything; TimeoutError if it has not in time."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            told = self.get(officer, path)
            listed = told["items"] if isinstance(told, dict) else told
            if found := [item for item in listed if item["case"] == case]:
                return found
            time.sleep(0.05)
        raise TimeoutError(f"{self.agency}: nothing of the case in {path.partition('?')[0]} within {within_s} s")

    def _headers(self, officer: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token(self.home, officer)}"}

    @staticmethod
    def _answer(answer: httpx2.Response) -> Any:  # noqa: ANN401
        if not answer.is_success:
            raise Refused(answer.text)
        return answer.json() if answer.content else None
