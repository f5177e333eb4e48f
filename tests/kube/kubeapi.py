"""Plain requests to a Kubernetes API server, asynchronous ones and ordinary ones: JSON in, JSON out."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import yaml

Json = dict[str, Any]
MERGE = "application/merge-patch+json"
LIMIT_S = 20.0
"""How long an answer may take; a watch's next line may take for ever."""


class Refused(Exception):
    """The API server's refusal; `code` is the HTTP status, the text is its own sentence."""

    def __init__(self, code: int, text: str, *, about: str) -> None:
        super().__init__(f"{about}: {code} {text}")
        self.code = code


class Gone(Exception):
    """The version that a watch was to go on from is not kept any more: list again."""


@dataclass(frozen=True)
class Access:
    """Where an API server is, and as whom to speak to it."""

    server: str
    token: str
    authority: str | None
    """The file of the certificate that the server's is checked with; None: it speaks plain HTTP."""

    @staticmethod
    def of(kubeconfig: Path) -> Access:
        """As the file's current context says. Raises OSError, KeyError, StopIteration for an unfit file."""
        data = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        context = next(c["context"] for c in data["contexts"] if c["name"] == data["current-context"])
        cluster = next(c["cluster"] for c in data["clusters"] if c["name"] == context["cluster"])
        user = next(u["user"] for u in data["users"] if u["name"] == context["user"])
        token = (
            user.get("token") or (kubeconfig.parent / user["tokenFile"]).read_text(encoding="utf-8").strip()
        )
        return Access(cluster["server"], token, cluster.get("certificate-authority"))

    def write(self, file: Path, namespace: str = "default", *, token_file: Path | None = None) -> Path:
        """A kubeconfig that says this; the token itself stands in `token_file`, if one is given."""
        cluster = {"server": self.server}
        if self.authority is not None:
            cluster["certificate-authority"] = self.authority
        user = {"token": self.token} if token_file is None else {"tokenFile": str(token_file)}
        data = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "kube", "cluster": cluster}],
            "users": [{"name": "me", "user": user}],
            "contexts": [
                {"name": "kube", "context": {"cluster": "kube", "user": "me", "namespace": namespace}}
            ],
            "current-context": "kube",
        }
        file.write_text(yaml.safe_dump(data), encoding="utf-8")
        file.chmod(0o600)
        return file

    def through(self, server: str, authority: str | None) -> Access:
        """The same user, through something else that answers at `server`."""
        return replace(self, server=server, authority=authority)

    def options(self) -> dict[str, Any]:
        """What an httpx client needs of it."""
        checked = ssl.create_default_context(cafile=self.authority) if self.authority is not None else False
        return {
            "base_url": self.server,
            "headers": {"Authorization": f"Bearer {self.token}"},
            "verify": checked,
            "timeout": LIMIT_S,
            "trust_env": False,
        }


def checked(answer: httpx.Response) -> Json:
    """The answer's object. Raises Refused."""
    data: Json = answer.json() if answer.content else {}
    if answer.is_error:
        raise Refused(answer.status_code, str(data.get("message", "")), about=str(answer.request.url.path))
    return data


def pods_of(namespace: str, name: str = "", part: str = "") -> str:
    """The path of a namespace's Pods, of one, or of a part of one (`status`, `binding`)."""
    return "/".join(word for word in (f"/api/v1/namespaces/{namespace}/pods", name, part) if word)


class KubeClient:
    """Ordinary requests, for a test: each raises Refused."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self._http = httpx.Client(**access.options())

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        kind: str = "application/json",
        **query: str,
    ) -> Json:
        """One request; its answer."""
        headers = {"Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        return checked(self._http.request(method, path, content=data, params=query, headers=headers))

    def get(self, path: str, **query: str) -> Json:
        """Read."""
        return self.call("GET", path, **query)

    def post(self, path: str, body: Json) -> Json:
        """Create."""
        return self.call("POST", path, body)

    def patch(self, path: str, body: Json) -> Json:
        """Merge this into what is there."""
        return self.call("PATCH", path, body, kind=MERGE)

    def delete(self, path: str, grace_s: int | None = None) -> Json:
        """Delete; Pods within so many seconds."""
        return self.call("DELETE", path, None if grace_s is None else {"gracePeriodSeconds": grace_s})

    def pods(self, namespace: str) -> list[Json]:
        """All Pods of a namespace."""
        return list(self.get(pods_of(namespace))["items"])

    def pod(self, namespace: str, name: str) -> Json | None:
        """One Pod; None: there is none of this name."""
        try:
            return self.get(pods_of(namespace, name))
        except Refused as refused:
            if refused.code == 404:
                return None
            raise


class AsyncKube:
    """Requests from an event loop; each raises Refused, and httpx.TransportError."""

    def __init__(self, access: Access) -> None:
        self._http = httpx.AsyncClient(**access.options())

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        kind: str = "application/json",
        **query: str,
    ) -> Json:
        """One request; its answer."""
        headers = {"Content-Type": kind}
        data = None if body is None else json.dumps(body).encode()
        return checked(await self._http.request(method, path, content=data, params=query, headers=headers))

    async def watch(self, path: str, version: str, **query: str) -> AsyncIterator[tuple[str, Json]]:
        """What changes after that version: (ADDED, MODIFIED, DELETED or BOOKMARK; the object), until the
        server ends it. Raises Gone."""
        query = {"watch": "1", "resourceVersion": version, "allowWatchBookmarks": "true", **query}
        timeout = httpx.Timeout(LIMIT_S, read=None)
        async with self._http.stream("GET", path, params=query, timeout=timeout) as answer:
            if answer.status_code == 410:
                raise Gone
            if answer.is_error:
                await answer.aread()
                checked(answer)
            async for line in answer.aiter_lines():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    if event["object"].get("code") == 410:
                        raise Gone
                    raise Refused(event["object"].get("code", 0), str(event["object"]), about=path)
                yield event["type"], event["object"]
