"""The few requests to the API server that the rehearsal makes itself; what a user runs goes through kubectl."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]
CORE = "/api/v1"
APPS = "/apis/apps/v1"
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
RETRIES = 6


class ApiError(Exception):
    """The server refused."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class Api:
    """A client for one server; each thread has a connection of its own."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token
        self._context = ssl._create_unverified_context()
        self._local = threading.local()

    def request(
        self, method: str, path: str, body: Any = None, *, content: str = "application/json", missing: bool = False
    ) -> Any:
        """Send one request; with `missing`, None where nothing is there."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content}
        data = None if body is None else json.dumps(body).encode()
        for tries in range(RETRIES):
            try:
                connection = self._connection()
                connection.request(method, path, data, headers)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 429:  # a kind that was made a moment ago
                    break
                time.sleep(1)
            except (OSError, http.client.HTTPException):
                self._local.connection = None  # the server closes what has been idle
                if tries:
                    raise
        if missing and answer.status == 404:
            return None
        if answer.status >= 400:
            try:
                message = json.loads(text).get("message", "")
            except ValueError:
                message = text.decode(errors="replace")
            raise ApiError(answer.status, message)
        return json.loads(text) if text[:1] in (b"{", b"[") else text.decode()

    def get(self, path: str) -> Any:
        """Return an object, or None where it is not there."""
        return self.request("GET", path, missing=True)

    def items(self, path: str) -> list[Object]:
        """Return the objects of a list; none where the kind is not known."""
        return (self.get(path) or {}).get("items") or []

    def create(self, path: str, body: Object) -> Object | None:
        """Create an object; None where it is there."""
        try:
            made: Object = self.request("POST", path, body)
        except ApiError as error:
            if error.status != 409:
                raise
            return None
        return made

    def merge(self, path: str, body: Object) -> Any:
        """Merge a patch into an object; None where it is gone."""
        return self.request("PATCH", path, body, content=MERGE, missing=True)

    def apply(self, path: str, body: Object) -> Any:
        """Apply an object on the server's side."""
        return self.request("PATCH", f"{path}?fieldManager=rehearsal&force=true", body, content=APPLY)

    def delete(self, path: str, *, now: bool = False, propagation: str = "Background") -> Any:
        """Delete an object, if it is there; `now` does not wait for a kubelet."""
        options: Object = {"propagationPolicy": propagation}
        if now:
            options["gracePeriodSeconds"] = 0
        return self.request("DELETE", path, options, missing=True)

    def watch(self, path: str, version: str) -> Iterator[Object]:
        """Yield the events after a version until the server ends the stream."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self._context, timeout=600)
        try:
            mark = "&" if "?" in path else "?"
            query = f"{path}{mark}watch=1&resourceVersion={version}&allowWatchBookmarks=true"
            connection.request("GET", query, headers={"Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            while line := answer.readline():
                yield json.loads(line)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPSConnection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self._context, timeout=60)
            self._local.connection = connection
        return connection
