"""The watch of Pods against a small server that answers as it is told: cuts, refusals, versions that are
gone, slowness, tokens that run out. What a real API server does is tried in test_host_contract.py."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from api_stub.background import Troubles
from api_stub.checkpoint.fleet_section import KubernetesConfig
from api_stub.fleet.events import Adopted, HostNews, Seen, Vacated
from api_stub.fleet.kubernetes import client, watch
from api_stub.fleet.kubernetes.client import ApiServer, KubernetesProblem, NoAccess
from api_stub.fleet.kubernetes.host import KubernetesHost
from api_stub.fleet.kubernetes.known_pods import KnownPods
from api_stub.fleet.kubernetes.watch import Watch
from api_stub.fleet.state import Policy
from tests.kube.stub import Answer, Request, Stub, hang_up, reply
from tests.running import PATIENCE, until
from tests.test_pods import record


class Following:
    """A watch that runs, what it has told, and what is wrong."""

    def __init__(self, stub: Stub, server: ApiServer) -> None:
        self.stub, self.server = stub, server
        self.news: list[HostNews] = []
        self.troubles = Troubles()
        self.watch = Watch(server, KnownPods(), self.news.append, self.troubles)

    async def until(self, check: Callable[[], Any]) -> None:
        """Wait until it is so."""
        await until(check, 10.0)

    def names(self) -> list[str]:
        """Of whom something was told."""
        return [one.seen.name if isinstance(one, Adopted) else getattr(one, "name", "-") for one in self.news]


def config(directory: Path, port: int, token_file: Path | None = None) -> KubernetesConfig:
    user = {"token": "secret-token"} if token_file is None else {"tokenFile": str(token_file)}
    data = {
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "ours"}}],
        "current-context": "x",
    }
    file = directory / "kubeconfig"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    return KubernetesConfig(kubeconfig=str(file))


@contextlib.asynccontextmanager
async def served(directory: Path, token_file: Path | None = None) -> AsyncIterator[tuple[Stub, ApiServer]]:
    stub = Stub()
    listening = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    server = ApiServer(config(directory, listening.sockets[0].getsockname()[1], token_file))
    try:
        yield stub, server
    finally:
        await server.close()
        listening.close()
        await stub.close()


@contextlib.asynccontextmanager
async def following(directory: Path, *answers: Answer) -> AsyncIterator[Following]:
    """A watch that has seen one Pod."""
    async with served(directory) as (stub, server):
        stub.pods["a"] = record("cooks-a")
        stub.answers += answers
        made = Following(stub, server)
        task = asyncio.create_task(made.watch.follow())
        try:
            await made.until(lambda: made.news and stub.watchers)
            yield made
            assert not task.done(), task
        finally:
            task.cancel()
            await asyncio.wait([task])


def run(work: Any) -> Any:
    return asyncio.run(work)


def test_a_list_and_then_what_changes(tmp_path: Path) -> None:
    async def play() -> None:
        async with following(tmp_path) as made:
            assert isinstance(made.news[0], Adopted) and made.names() == ["cooks-a.0"]
            made.stub.send(made.stub.event("ADDED", record("cooks-b")))
            made.stub.send(made.stub.event("DELETED", record("cooks-a")))
            await made.until(lambda: len(made.news) == 3)
            assert isinstance(made.news[1], Seen) and isinstance(made.news[2], Vacated)
            assert not any("secret" in request.path for request in made.stub.asked)
            assert all("/namespaces/ours/" in request.path for request in made.stub.asked)

    run(play())


@pytest.mark.parametrize("rest", [b"", b'{"type": "MODIFIED", "obj', b"\xff\xfe\n", b"{}\n", b"null\n"])
def test_a_cut_is_gone_on_from_where_it_was(tmp_path: Path, rest: bytes) -> None:
    async def play() -> None:
        async with following(tmp_path) as made:
            made.stub.send(made.stub.event("ADDED", record("cooks-b")))
            await made.until(lambda: len(made.news) == 2)
            if rest:
                made.stub.send(rest)
            made.stub.cut()
            await made.until(lambda: made.stub.watchers)
            assert "resourceVersion=101" in made.stub.asked[-1].query, "no list, nothing twice"
            made.stub.send(made.stub.event("ADDED", record("cooks-c")))
            await made.until(lambda: len(made.news) == 3)
            assert made.troubles.sentences == []

    run(play())


def gone(made: Following) -> bytes:
    status = {"kind": "Status", "code": 410, "message": "too old resource version"}
    return json.dumps({"type": "ERROR", "object": status}).encode() + b"\n"


@pytest.mark.parametrize("as_answer", [True, False])
def test_after_410_all_is_listed_and_what_went_missing_is_told(tmp_path: Path, as_answer: bool) -> None:
    async def play() -> None:
        async with following(tmp_path) as made:
            made.stub.pods = {"b": record("cooks-b")}
            if as_answer:
                made.stub.answers.append(reply(410, {"message": "too old", "code": 410}))
            else:
                made.stub.send(gone(made))
            made.stub.cut()
            await made.until(lambda: len(made.news) == 3)
            assert isinstance(made.news[1], Vacated) and made.names()[2] == "cooks-b.0"
            reason = made.news[1].end.reason or ""
            assert "could be heard again" in reason and not isinstance(made.news[2], Adopted)

    run(play())


TROUBLES = [
    ([reply(500, {"message": "etcd is away"})] * 2, "the API server says 500: etcd is away"),
    ([reply(502, "<html>bad gateway</html>")] * 2, "the API server says 502"),
    ([reply(403, {"message": "pods is forbidden"})], "we may not list pods: apply the Role"),
    ([reply(401, {"message": "Unauthorized"})], "does not know us .* log in to the cluster again"),
    ([hang_up] * 2, "does not answer"),
    ([reply(200, "no json")] * 2, "cannot be read"),
]


@pytest.mark.parametrize(("answers", "words"), TROUBLES)
def test_what_is_wrong_is_told_and_passes(tmp_path: Path, answers: list[Answer], words: str) -> None:
    told: list[str] = []

    class Noting(Troubles):
        def tell(self, part: str, reason: str) -> bool:
            told.append(reason)
            return super().tell(part, reason)

    async def play() -> None:
        async with served(tmp_path) as (stub, server):
            stub.pods["a"] = record("cooks-a")
            stub.answers += answers
            made = Following(stub, server)
            made.watch._troubles = made.troubles = Noting()
            task = asyncio.create_task(made.watch.follow())
            await made.until(lambda: made.news)
            task.cancel()
            await asyncio.wait([task])
            assert made.troubles.sentences == [], "it is well again"

    run(play())
    assert told and re.search(words, told[-1]), told
    assert "secret-token" not in str(told)


def test_a_watch_that_is_accepted_ends_the_trouble_though_nothing_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "ACCEPTED_S", 0.01)

    class Quiet:
        """Refuses the first watch, and has nothing to tell in the second."""

        namespace = "ours"
        watches = 0

        async def pods(self) -> tuple[list[Any], str]:
            return [], "1"

        async def watched(self, version: str) -> AsyncIterator[tuple[str, Any]]:
            self.watches += 1
            if self.watches == 1:
                raise KubernetesProblem("we may not watch pods", 403)
            yield client.OPENED, {}
            await asyncio.sleep(60)

    async def run() -> None:
        server, troubles = Quiet(), Troubles()
        told: list[str] = []
        tell = troubles.tell
        troubles.tell = lambda part, words: bool(told.append(words)) or tell(part, words)  # type: ignore[method-assign]
        going = asyncio.create_task(Watch(server, KnownPods(), lambda news: None, troubles).follow())  # type: ignore[arg-type]
        async with asyncio.timeout(10 * PATIENCE):
            while server.watches < 2 or troubles.sentences:
                await asyncio.sleep(0.005)
        assert told == ["we may not watch pods"]
        going.cancel()

    asyncio.run(run())


def test_retry_after_is_heeded(tmp_path: Path) -> None:
    async def play() -> None:
        async with served(tmp_path) as (stub, server):
            stub.answers.append(reply(429, {"message": "slow down"}, Retry_After="0.4"))
            with pytest.raises(KubernetesProblem) as found:
                await server.pods()
            assert found.value.retry_after_s == 0.4 and found.value.passing
            stub.answers.append(reply(429, {"message": "slow down"}, Retry_After="99999"))
            with pytest.raises(KubernetesProblem) as found:
                await server.pods()
            assert found.value.retry_after_s == client.MAX_RETRY_AFTER_S

    run(play())


def test_a_server_that_says_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_S", 0.2)

    async def play() -> None:
        async with served(tmp_path) as (stub, server):
            stub.answers.append(lambda *_: None)
            with pytest.raises(KubernetesProblem, match="does not answer|too slow"):
                await server.pods()

    run(play())


def test_a_token_that_has_run_out_is_read_anew(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old", encoding="utf-8")

    def only_new(request: Request, writer: asyncio.StreamWriter) -> None:
        known = request.headers["authorization"] == "Bearer new"
        reply(200 if known else 401, {"items": [], "metadata": {"resourceVersion": "1"}})(request, writer)

    async def play() -> None:
        async with served(tmp_path, token) as (stub, server):
            stub.answers += [only_new] * 9
            with pytest.raises(KubernetesProblem, match="does not know us"):
                await server.pods()
            token.write_text("new", encoding="utf-8")
            assert await server.pods() == ([], "1")
            token.unlink()
            assert await server.pods() == ([], "1"), "the one that is known is good"

    run(play())


def test_a_long_list_comes_in_pages(tmp_path: Path) -> None:
    async def play() -> None:
        async with served(tmp_path) as (stub, server):
            first = {"items": [record("cooks-a")], "metadata": {"resourceVersion": "7", "continue": "more"}}
            last = {"items": [record("cooks-b")], "metadata": {"resourceVersion": "7"}}
            stub.answers += [reply(200, first), reply(200, last)]
            found, version = await server.pods()
            assert [one["metadata"]["name"] for one in found] == ["cooks-a", "cooks-b"] and version == "7"
            assert "continue=more" in stub.asked[-1].query

    run(play())


def test_deletions_are_of_that_very_pod_and_tried_again(tmp_path: Path) -> None:
    async def play() -> None:
        async with served(tmp_path) as (stub, server):
            host, heard, failed = KubernetesHost(KubernetesConfig(), server=server), [], []
            stub.pods = {"a": record("cooks-a"), "b": record("cooks-b", metadata={"namespace": "theirs"})}
            host.follow(heard.append)
            made = Following(stub, server)
            await made.until(lambda: heard and stub.watchers)
            for handle in ("uid-cooks-b", "cooks-a", "nobody"):
                host.stop(handle, True, failed.append)
            asked = len(stub.asked)
            stub.answers += [hang_up, reply(500, "x"), reply(404, {"message": "gone already"})]
            host.stop("uid-cooks-a", True, failed.append)
            await made.until(lambda: len(stub.asked) == asked + 3)
            assert all(one.method == "DELETE" for one in stub.asked[asked:])
            last = stub.asked[-1]
            assert last.path.endswith("/namespaces/ours/pods/cooks-a")
            assert last.body["gracePeriodSeconds"] == 0
            assert last.body["preconditions"] == {"uid": "uid-cooks-a"}
            stub.answers.append(reply(403, {"message": "pods is forbidden"}))
            host.stop("uid-cooks-a", False, failed.append)
            await made.until(lambda: failed)
            assert "gracePeriodSeconds" not in stub.asked[-1].body
            assert len(failed) == 1 and "we may not delete pod cooks-a" in failed[0]
            await host.close()

    run(play())


def test_the_deployment_is_changed_only_where_it_differs(tmp_path: Path) -> None:
    async def play() -> None:
        async with served(tmp_path) as (stub, server):
            host, failed = KubernetesHost(KubernetesConfig(), server=server), []
            made = Following(stub, server)
            policy, begun = Policy(concurrency=7, lifespan_s=(20.0, 60.0)), list[int]()
            stub.answers += [stub.usual, reply(409, {"message": "changed meanwhile"})]
            host.scale(True, 0, failed.append)
            await made.until(lambda: stub.patches)
            assert stub.patches == [{"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 3}}]
            host.scale(False, 2, failed.append)
            host.reform(policy, False, lambda: begun.append(1), failed.append)
            await made.until(lambda: len(stub.patches) == 2)
            container = stub.patches[1]["spec"]["template"]["spec"]["containers"][0]
            values = {entry["name"]: entry["value"] for entry in container["env"]}
            assert values == {"GOPHERPIZZA_CONCURRENCY": "7", "GOPHERPIZZA_LIFESPAN_S": "20,60"}
            stub.deployment["spec"]["template"]["spec"]["containers"] = [
                container | {"env": [{"name": name, "value": value} for name, value in values.items()]}
            ]
            asked = len(stub.asked)
            host.reform(policy, False, lambda: begun.append(1), failed.append)
            await made.until(lambda: len(stub.asked) > asked and not host._tasks)
            assert (len(stub.patches), begun) == (2, [1]), "all is as it is to be"
            host.reform(policy, True, lambda: begun.append(1), failed.append)
            await made.until(lambda: len(stub.patches) == 3)
            assert stub.patches[2]["spec"]["template"]["metadata"]["annotations"]
            assert failed == []
            await host.close()

    run(play())


def test_workers_are_of_the_right_make_before_there_are_more_of_them(tmp_path: Path) -> None:
    async def play() -> None:
        async with served(tmp_path) as (stub, server):
            host, failed = KubernetesHost(KubernetesConfig(), server=server), []
            stub.answers += [stub.usual, reply(409, {"message": "changed meanwhile"})]
            host.reform(Policy(concurrency=7), False, lambda: None, failed.append)
            host.scale(False, 5, failed.append)
            await Following(stub, server).until(lambda: len(stub.patches) == 2)
            assert [list(patch["spec"]) for patch in stub.patches] == [["template"], ["replicas"]]
            await host.close()

    run(play())


def test_the_deployment_is_asked_why_it_has_no_more_pods(tmp_path: Path) -> None:
    async def play() -> None:
        async with served(tmp_path) as (stub, server):
            host, heard = KubernetesHost(KubernetesConfig(), server=server), []
            made = Following(stub, server)
            host.explain(heard.append)
            await made.until(lambda: stub.asked and not host._tasks)
            assert heard == [None], "it has all that it is to have"
            failure = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: small"}
            stub.deployment["status"] = {"conditions": [failure]}
            stub.answers.append(reply(403, {"message": "no"}))
            host.explain(heard.append)
            host.explain(heard.append)
            await made.until(lambda: len(heard) > 1 and not host._tasks)
            assert heard[1:] == ["Kubernetes refuses to make its Pod: exceeded quota: small"]
            await host.close()

    run(play())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "not found"),
        ("nonsense", "no access to a Kubernetes cluster"),
        ("clusters: []\ncontexts: []\ncurrent-context: x", "Context 'x' not found"),
    ],
)
def test_no_way_to_a_cluster_is_one_sentence(tmp_path: Path, text: str | None, words: str) -> None:
    file = tmp_path / "kubeconfig"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(NoAccess, match=words) as found:
        KubernetesHost(KubernetesConfig(kubeconfig=str(file)))
    assert len(str(found.value)) < 600 and "\n" not in str(found.value)
