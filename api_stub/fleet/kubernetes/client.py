"""The few requests to a Kubernetes API server that this kitchen makes: its own namespace, Pods and one
Deployment. No request names a secret. Access (kubeconfig, certificates, tokens that are read anew when the
server refuses one) is lightkube's; its own watch begins again without a pause when a server closes it, so a
watch here is one request, and watch.py decides what follows.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

from api_stub.checkpoint.fleet_section import KubernetesConfig
from api_stub.fleet.kubernetes.pods import SELECTOR

ANSWER_S = 10.0
"""An API server that takes longer for an answer is taken for one that does not answer."""
WATCH_S = 25
"""The server is asked to end a watch after so long: a connection that died unseen costs no more than that."""
SILENT_S = WATCH_S + 5.0
PAGE, MAX_PAGES = 250, 8
OPENED = "OPENED"
MAX_LINE = 4 << 20
MAX_ANSWER_S = 30.0
MAX_RETRY_AFTER_S = 30.0
MAX_WORDS = 240
NAMESPACE = "gopherpizza"
PASSING = (429, 500, 502, 503, 504)
Raw = Mapping[str, Any]


class NoAccess(Exception):
    """There is no way to a cluster from here; the message says what to do."""


class KubernetesProblem(Exception):
    """A request that was not answered as it should be. `status` 0: nothing answered. `retry_after_s`: the
    server's own wish. `late`: nothing came for so long that nobody knows when the server was there last."""

    def __init__(
        self, words: str, status: int = 0, retry_after_s: float | None = None, late: bool = False
    ) -> None:
        super().__init__(words[:MAX_WORDS])
        self.status = status
        self.retry_after_s = retry_after_s
        self.late = late

    @property
    def passing(self) -> bool:
        """Whether the same request may be answered in a moment."""
        return self.status == 0 or self.status in PASSING


class ApiServer:
    """One namespace of one cluster. Raises NoAccess when it is made, KubernetesProblem by its requests."""

    def __init__(self, config: KubernetesConfig) -> None:
        try:
            import httpx2
            from lightkube.config.client_adapter import AsyncClient, ConnectionParams
        except ImportError as error:
            raise NoAccess(
                f"hosted_on: kubernetes needs a package that is missing ({error.name}): pip install '.[k8s]'"
            ) from None
        self._failed, self._late = httpx2.HTTPError, httpx2.TimeoutException
        access = _access(config)
        self.address = str(access.cluster.server)
        self.namespace = config.namespace or access.context.namespace or NAMESPACE
        self._silent = httpx2.Timeout(ANSWER_S, read=SILENT_S)
        try:
            self._http = AsyncClient(access, ConnectionParams(timeout=httpx2.Timeout(ANSWER_S)))
        except Exception as error:
            raise NoAccess(f"the access to {self.address} cannot be used: {_words(error)}") from None

    async def close(self) -> None:
        """Let go of all connections."""
        await self._http.aclose()

    async def pods(self) -> tuple[list[Raw], str]:
        """The Pods with our labels, and the version of the list, from which a watch goes on."""
        found: list[Raw] = []
        query = {"labelSelector": SELECTOR, "limit": str(PAGE)}
        for _ in range(MAX_PAGES):
            answer = await self._ask("GET", self._pods, "list pods", query=query)
            meta = answer.get("metadata") or {}
            found += [one for one in answer.get("items") or [] if isinstance(one, dict)]
            if not meta.get("continue"):
                break
            query["continue"] = str(meta["continue"])
        return found, str(meta.get("resourceVersion") or "")

    async def watched(self, version: str) -> AsyncGenerator[tuple[str, Raw], None]:
        """What happens to them after that version (kind, record), until the server ends the watch.

        First, with an empty record, comes `OPENED`: the server has accepted the watch. Nothing may happen
        for long after it.

        Raises KubernetesProblem also for a line that was cut, and, with status 410, where the server does not
        know the version any more: then only a list tells what there is.
        """
        query = {
            "labelSelector": SELECTOR,
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH_S),
        }
        with self._told("watch pods"):
            request = self._http.build_request("GET", self._pods, params=query, timeout=self._silent)
            async with asyncio.timeout(MAX_ANSWER_S):
                answer = await self._http.send(request, stream=True)
            try:
                if answer.status_code != 200:
                    async with asyncio.timeout(ANSWER_S):
                        await answer.aread()
                    raise _problem("watch pods", answer)
                yield OPENED, {}
                held = ""
                async for piece in answer.aiter_text():
                    held += piece
                    *lines, held = held.split("\n")
                    for line in lines:
                        if line.strip():
                            yield _event(line)
                    if len(held) > MAX_LINE:
                        raise KubernetesProblem("the API server sends a record that has no end")
                if held.strip():
                    raise KubernetesProblem("the connection to the API server was cut in a record")
            finally:
                await answer.aclose()

    async def delete_pod(self, name: str, uid: str, grace_s: int | None) -> None:
        """Delete this very Pod; `grace_s` None: with its own grace. One that is gone is no error."""
        body: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid}}
        if grace_s is not None:
            body["gracePeriodSeconds"] = grace_s
        try:
            await self._ask("DELETE", f"{self._pods}/{name}", f"delete pod {name}", body=body)
        except KubernetesProblem as problem:
            if problem.status not in (404, 409):  # 409: another Pod has the name now
                raise

    async def deployment(self, name: str) -> Raw:
        """The Deployment as it is."""
        return await self._ask("GET", self._deployment(name), f"get deployment {name}")

    async def patch_deployment(self, name: str, patch: Raw) -> Raw:
        """Change it, by a strategic merge. Status 409: it was changed by somebody else meanwhile."""
        kind = "application/strategic-merge-patch+json"
        return await self._ask(
            "PATCH", self._deployment(name), f"patch deployment {name}", body=patch, kind=kind
        )

    @property
    def _pods(self) -> str:
        return f"api/v1/namespaces/{self.namespace}/pods"

    def _deployment(self, name: str) -> str:
        return f"apis/apps/v1/namespaces/{self.namespace}/deployments/{name}"

    async def _ask(
        self,
        method: str,
        path: str,
        what: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Raw | None = None,
        kind: str = "application/json",
    ) -> Raw:
        with self._told(what):
            async with asyncio.timeout(MAX_ANSWER_S):
                content = None if body is None else json.dumps(body).encode()
                headers = None if body is None else {"Content-Type": kind}
                request = self._http.build_request(
                    method, path, params=query, content=content, headers=headers
                )
                answer = await self._http.send(request)
            if not 200 <= answer.status_code < 300:
                raise _problem(what, answer)
            found = answer.json()
            return found if isinstance(found, dict) else {}

    @contextlib.contextmanager
    def _told(self, what: str) -> Any:
        """Whatever goes wrong with the transport is a KubernetesProblem."""
        try:
            yield
        except KubernetesProblem:
            raise
        except TimeoutError:
            words = f"the API server at {self.address} is too slow ({what})"
            raise KubernetesProblem(words, late=True) from None
        except (self._failed, OSError) as error:
            words = f"the API server at {self.address} does not answer ({what}): {_words(error)}"
            raise KubernetesProblem(words, late=isinstance(error, self._late)) from None
        except ValueError as error:  # no JSON; text that is none
            raise KubernetesProblem(
                f"the API server's answer cannot be read ({what}): {_words(error)}"
            ) from None
        except Exception as error:
            # Of lightkube's access: a token's file that is gone, a program for tokens that fails.
            if type(error).__module__.startswith("lightkube"):
                raise KubernetesProblem(f"the access to {self.address} fails: {_words(error)}", 401) from None
            raise


def _event(line: str) -> tuple[str, Raw]:
    try:
        event = json.loads(line)
        kind, record = str(event["type"]), event["object"]
    except (ValueError, KeyError, TypeError):
        raise KubernetesProblem("what the API server told cannot be read, or was cut") from None
    record = record if isinstance(record, dict) else {}
    if kind == "ERROR":
        code = record.get("code")
        raise KubernetesProblem(
            f"the watch of pods ended: {record.get('message') or code}",
            code if isinstance(code, int) else 500,
        )
    return kind, record


def _problem(what: str, answer: Any) -> KubernetesProblem:
    """An answer that is a refusal, as a sentence that says what to do where somebody can do something."""
    status = int(answer.status_code)
    message = ""
    with contextlib.suppress(ValueError, AttributeError, TypeError):
        message = " ".join(str(answer.json().get("message") or "").split())
    retry_after_s = None
    with contextlib.suppress(KeyError, ValueError):
        retry_after_s = min(MAX_RETRY_AFTER_S, max(0.0, float(answer.headers["Retry-After"])))
    if status == 401:
        words = f"the API server does not know us ({what}): log in to the cluster again, or renew the token"
    elif status == 403:
        words = f"we may not {what}: apply the Role of configs/kubernetes; {message}"
    elif status == 404:
        words = f"{what}: it is not there; apply configs/kubernetes, or correct fleet.kubernetes; {message}"
    else:
        words = f"{what}: the API server says {status}" + (f": {message}" if message else "")
    return KubernetesProblem(words, status, retry_after_s)


def _access(config: KubernetesConfig) -> Any:
    """Where the cluster is, and how we are let in. Raises NoAccess."""
    from lightkube.config.kubeconfig import KubeConfig

    where = config.kubeconfig or "the cluster's own access, KUBECONFIG, or ~/.kube/config"
    try:
        if config.kubeconfig is not None:
            found = KubeConfig.from_file(Path(config.kubeconfig).expanduser())
        else:
            found = KubeConfig.from_env()
        access = found.get(config.context)
    except Exception as error:  # a file that is missing, no YAML, or another thing than a kubeconfig
        raise NoAccess(f"no access to a Kubernetes cluster ({where}): {_words(error)}") from None
    if access is None or access.user is None:
        raise NoAccess(f"no access to a Kubernetes cluster ({where}): its context names no user")
    return access


def _words(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:MAX_WORDS]
