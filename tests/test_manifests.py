"""What ships for Kubernetes: the manifests hold together, are valid, and ask for no more than they need."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from api_stub.checkpoint.files import CONFIGS, find
from api_stub.gateway.server_command import server_settings
from api_stub.http.host_headers import hosts_in, is_ours
from api_stub.stack.kustomize import CannotRender, Manifest, built, containers_of
from api_stub.stack.manifests import Wanted, as_text, container_of, object_of, read, rendered
from tests.running import ROOT, as_yaml

KUBERNETES = CONFIGS / "kubernetes"
OVERLAYS = ("kind", "temporal-elsewhere")
NEWEST = ("1.37", "1.36", "1.35")
CHECKPOINTS = ("2-kubernetes", "3-kubernetes")


def by_name(manifests: list[Manifest]) -> dict[tuple[str, str], Manifest]:
    return {(each["kind"], each["metadata"]["name"]): each for each in manifests}


@pytest.fixture(params=OVERLAYS)
def manifests(request: pytest.FixtureRequest) -> list[Manifest]:
    return rendered(Wanted(overlay=request.param))


@pytest.mark.parametrize("version", NEWEST)
def test_every_object_is_valid_for_the_newest_versions(manifests: list[Manifest], version: str) -> None:
    for each in manifests:
        assert kubernetes_validate.validate(each, version, strict=True) == version


def test_the_versions_are_the_newest_that_the_checker_knows() -> None:
    assert kubernetes_validate.latest_version().startswith(f"{NEWEST[0]}.")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**deployment(), "spec": {"replicas": "four"}}, NEWEST[0], strict=True)


def deployment() -> Manifest:
    return object_of(rendered(Wanted()), "Deployment", "cooks")


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_what_is_printed_reads_back_as_what_was_made(overlay: str, checkpoint: str) -> None:
    wanted = Wanted(checkpoint, overlay, "pizza.example:5000/gopher/pizza:7", "somewhere-else", {"A": "b"})
    made = rendered(wanted)
    assert list(yaml.safe_load_all(as_text(made))) == made


def test_the_files_as_they_lie_there_are_what_is_printed_by_default() -> None:
    """`kubectl apply -k` and `--kube-manifests` make the same objects."""
    assert rendered(Wanted()) == built(KUBERNETES / "overlays" / "kind")


def test_no_object_is_there_twice(manifests: list[Manifest]) -> None:
    assert len(by_name(manifests)) == len(manifests)


@pytest.mark.parametrize(
    "directory", sorted(KUBERNETES.rglob("kustomization.yaml")), ids=lambda f: f.parent.name
)
def test_kustomize_finds_all_it_needs_below_its_own_directory(directory: Path) -> None:
    """kubectl reads no file from outside of a kustomization's directory, not even by a link."""
    ours = yaml.safe_load(directory.read_text(encoding="utf-8"))
    assert (ours["apiVersion"], ours["kind"]) == ("kustomize.config.k8s.io/v1beta1", "Kustomization")
    named = set(ours["resources"])
    for generator in ours["configMapGenerator"]:
        named |= {*generator.get("files", ()), *generator.get("envs", ())}
    for name in named:
        there = directory.parent / name
        assert there.exists() and not there.is_symlink()
        assert there.is_dir() or there.resolve().parent == directory.parent
    lying = {each.name for each in directory.parent.iterdir()} - {"kustomization.yaml"}
    assert lying == {name for name in named if not (directory.parent / name).is_dir()}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_kubernetes_checkpoint_is_one_file_that_both_read(name: str) -> None:
    listed = CONFIGS / f"checkpoint-{name}.yaml"
    assert listed.resolve() == KUBERNETES / "base" / listed.name
    config = find(name).config
    assert config.fleet.hosted_on == "kubernetes" and config.fleet.respawn_after_s is None
    assert config.fleet.slots > config.fleet.start, "a new Pod comes before the old one's place is free"
    made = rendered(Wanted(name))
    assert object_of(made, "Deployment", "cooks")["spec"]["replicas"] == config.fleet.start
    assert f"--checkpoint={name}" in container_of(made, "api")["args"]
    environment = {each["name"]: each.get("value") for each in container_of(made, "cooks")["env"]}
    assert environment["GOPHERPIZZA_CONCURRENCY"] == str(config.fleet.concurrency)
    assert config.fleet.lifespan_s is not None
    low, high = config.fleet.lifespan_s
    assert environment["GOPHERPIZZA_LIFESPAN_S"] == f"{low:g},{high:g}"


# What the Pods may do


def test_no_container_is_root_or_can_write_or_gain_anything(manifests: list[Manifest]) -> None:
    for each in manifests:
        if each["kind"] != "Deployment":
            continue
        pod = each["spec"]["template"]["spec"]
        context = pod["securityContext"]
        assert context["runAsNonRoot"] is True and context["runAsUser"] > 0
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        assert pod["enableServiceLinks"] is False, "a Service `temporal` would set TEMPORAL_… variables"
        for container in containers_of([each]):
            may = container["securityContext"]
            assert may["allowPrivilegeEscalation"] is False and may["readOnlyRootFilesystem"] is True
            assert not may["privileged"] if "privileged" in may else True
            assert may["capabilities"] == {"drop": ["ALL"]}
            assert (
                set(container["resources"]["limits"])
                == {"cpu", "memory"}
                <= set(container["resources"]["requests"])
            )
            assert re.fullmatch(r"[^:]+:[^:]+", container["image"]) and ":latest" not in container["image"]
        for volume in pod["volumes"]:
            assert set(volume) - {"name"} <= {"emptyDir", "secret", "configMap", "persistentVolumeClaim"}
            assert "sizeLimit" in volume.get("emptyDir", {"sizeLimit": ""})
            assert volume.get("secret", {"optional": True})["optional"] is True


def test_only_the_api_gets_a_token_and_it_is_bound_to_one_role(manifests: list[Manifest]) -> None:
    found = by_name(manifests)
    tokens = {
        name: each["spec"]["template"]["spec"]["automountServiceAccountToken"]
        for (kind, name), each in found.items()
        if kind == "Deployment"
    }
    assert tokens.pop("api") is True and not any(tokens.values())
    assert not {"ClusterRole", "ClusterRoleBinding", "Secret"} & {kind for kind, _ in found}
    assert [each["name"] for each in found["RoleBinding", "api"]["subjects"]] == ["api"]
    rules = found["Role", "api"]["rules"]
    assert "*" not in str(rules) and "secrets" not in str(rules) and "exec" not in str(rules)
    for rule in rules:
        assert rule["resources"] == ["pods"] or rule["resourceNames"] == ["cooks"]


def test_selectors_select_their_own_pods(manifests: list[Manifest]) -> None:
    templates = {
        each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
        for each in manifests
        if each["kind"] == "Deployment"
    }
    for each in manifests:
        spec = each.get("spec", {})
        if each["kind"] in ("Deployment", "PodDisruptionBudget"):
            selector = spec["selector"]["matchLabels"]
        elif each["kind"] == "Service":
            selector = spec["selector"]
        elif each["kind"] == "NetworkPolicy":
            selector = spec["podSelector"]["matchLabels"]
        else:
            continue
        hit = [name for name, labels in templates.items() if selector.items() <= labels.items()]
        assert hit == [each["metadata"]["name"]], each["kind"]


def test_every_pod_has_a_network_policy(manifests: list[Manifest]) -> None:
    found = by_name(manifests)
    for kind, name in found:
        if kind == "Deployment":
            assert found["NetworkPolicy", name]["spec"]["policyTypes"] == ["Ingress", "Egress"]
    [let_in] = found["NetworkPolicy", "cooks"]["spec"]["ingress"]
    assert let_in["from"] and let_in["ports"] == [{"protocol": "TCP", "port": "sdk-metrics"}], "nothing else"


def test_what_a_pod_refers_to_is_there(manifests: list[Manifest]) -> None:
    found = by_name(manifests)
    for (kind, name), each in found.items():
        if kind != "Deployment":
            continue
        pod = each["spec"]["template"]["spec"]
        if account := pod.get("serviceAccountName"):
            assert ("ServiceAccount", account) in found
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        for volume in volumes.values():
            if claim := volume.get("persistentVolumeClaim"):
                assert ("PersistentVolumeClaim", claim["claimName"]) in found
            if config := volume.get("configMap"):
                assert ("ConfigMap", config["name"]) in found
        for container in containers_of([each]):
            assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes), name
            for source in container.get("envFrom", []):
                if "configMapRef" in source:
                    assert ("ConfigMap", source["configMapRef"]["name"]) in found


# What the programs are told


def test_the_api_is_probed_as_a_host_that_it_answers_to(manifests: list[Manifest]) -> None:
    api = container_of(manifests, "api")
    assert "--host=0.0.0.0" in api["args"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        asked = api[probe]["httpGet"]
        [header] = asked["httpHeaders"]
        assert asked["path"] == "/healthz" and header["name"] == "Host" and is_ours(header["value"], 8000, ())
    variables = {"$(POD_IP)": "10.1.2.3", "$(POD_NAMESPACE)": "gopherpizza"}
    [text] = [each["value"] for each in api["env"] if each["name"] == "GOPHERPIZZA_HOSTS"]
    for name, value in variables.items():
        text = text.replace(name, value)
    hosts = hosts_in(text)
    for host in (
        "10.1.2.3:8000",
        "api:8000",
        "api.gopherpizza:8000",
        "api.gopherpizza.svc.cluster.local:8000",
    ):
        assert is_ours(host, 8000, hosts)
    assert not is_ours("10.1.2.4:8000", 8000, hosts)


def options_of(command: list[str]) -> set[str]:
    """The options that a program of ours takes, by its own help."""
    told = subprocess.run(
        [sys.executable, *command[1:], "--help"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stderr
    return set(re.findall(r"--[a-z-]+", told.stdout))


def test_the_api_knows_its_options(manifests: list[Manifest]) -> None:
    api = container_of(manifests, "api")
    assert {each.partition("=")[0] for each in api["args"]} <= options_of(api["command"])


def test_the_server_for_development_is_set_up_as_ours() -> None:
    args = container_of(rendered(Wanted()), "temporal")["args"]
    words = server_settings()
    assert {f"{key}={value}" for key, value in zip(words[::2], words[1::2], strict=True)} <= set(args)


# The options of --kube-manifests


def printed(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`./run_all.sh --kube-manifests` without its installing."""
    command = [sys.executable, "-m", "api_stub.stack", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, env=environment)


@pytest.mark.parametrize(
    "options", [("--kube-manifests", "--namespace", "k"), ("--namespace=k", "--kube-manifests")]
)
def test_manifests_are_printed_wherever_the_option_stands(options: tuple[str, ...]) -> None:
    told = printed(*options)
    assert told.returncode == 0 and not told.stderr
    assert list(yaml.safe_load_all(told.stdout)) == rendered(Wanted(namespace="k"))


def test_a_temporal_elsewhere_is_named_by_the_environment_and_no_secret_is_printed() -> None:
    told = printed(
        *("--kube-manifests", "--overlay", "temporal-elsewhere"),
        TEMPORAL_ADDRESS="t.example:7233",
        TEMPORAL_API_KEY="hush-hush",
        GOPHERPIZZA_BOOTH="north",
    )
    assert told.returncode == 0 and "hush" not in told.stdout
    data = object_of(list(yaml.safe_load_all(told.stdout)), "ConfigMap", "temporal")["data"]
    expected = {
        "TEMPORAL_ADDRESS": "t.example:7233",
        "TEMPORAL_NAMESPACE": "default",
        "GOPHERPIZZA_BOOTH": "north",
    }
    assert data == expected
    pods = object_of(list(yaml.safe_load_all(told.stdout)), "Deployment", "cooks")["spec"]["template"]
    assert pods["metadata"]["labels"]["gopherpizza/booth"] == "north"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--namespace", "Big"], "--namespace: found 'Big'"),
        (["--namespace", "a\nb"], "--namespace: found"),
        (["--namespace", "x" * 64], "--namespace: found"),
        (["--image", "a b"], "--image: found 'a b'"),
        (["--image", "x:\n1"], "--image: found"),
        (["--overlay", "temporal-elsewhere"], "set TEMPORAL_ADDRESS"),
        ([], "GOPHERPIZZA_BOOTH: found 'a b'"),
    ],
)
def test_what_cannot_be_meant_is_said_in_one_line(options: list[str], words: str) -> None:
    with pytest.raises(CannotRender, match=re.escape(words)) as caught:
        read(options, {} if options else {"GOPHERPIZZA_BOOTH": "a b"})
    assert "\n" not in str(caught.value)


def test_a_booths_name_stands_in_both_places() -> None:
    made = rendered(Wanted(overlay="temporal-elsewhere"))
    label = object_of(made, "Deployment", "cooks")["spec"]["template"]["metadata"]["labels"][
        "gopherpizza/booth"
    ]
    assert label == object_of(made, "ConfigMap", "temporal")["data"]["GOPHERPIZZA_BOOTH"]
    assert made == built(KUBERNETES / "overlays" / "temporal-elsewhere")


def test_a_checkpoint_of_processes_is_refused_with_those_that_there_are() -> None:
    told = printed("--kube-manifests", "--checkpoint", "2")
    assert told.returncode == 1 and told.stdout == ""
    assert told.stderr.count("\n") == 1 and "hosted_on: processes" in told.stderr
    assert "2-kubernetes, 3-kubernetes" in told.stderr


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "mine.yaml"
    fleet: dict[str, Any] = {"hosted_on": "kubernetes", "slots": 9, "start": 7, "concurrency": 3}
    file.write_text(as_yaml({"checkpoint": "mine", "fleet": fleet}), encoding="utf-8")
    yield file


def test_a_checkpoint_of_ones_own_goes_along(own: Path) -> None:
    made = rendered(Wanted(str(own)))
    text = own.read_text(encoding="utf-8")
    assert object_of(made, "ConfigMap", "checkpoints")["data"]["checkpoint-mine.yaml"] == text
    assert object_of(made, "Deployment", "cooks")["spec"]["replicas"] == 7
    values = {each["name"]: each.get("value") for each in container_of(made, "cooks")["env"]}
    assert (values["GOPHERPIZZA_CONCURRENCY"], values["GOPHERPIZZA_LIFESPAN_S"]) == ("3", "")


def test_a_namespace_of_ones_own_is_everywhere(manifests: list[Manifest]) -> None:
    for overlay in OVERLAYS:
        made = rendered(Wanted(overlay=overlay, namespace="elsewhere"))
        assert {each["metadata"].get("namespace", each["metadata"]["name"]) for each in made} == {"elsewhere"}
        [subject] = object_of(made, "RoleBinding", "api")["subjects"]
        assert subject["namespace"] == "elsewhere"


# The part of kustomize


def kustomization(directory: Path, **keys: Any) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / "kustomization.yaml").write_text(as_yaml(keys), encoding="utf-8")
    return directory


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"helmCharts": []}, "helmCharts: not known here; use kubectl apply -k"),
        ({"resources": ["gone.yaml"]}, "gone.yaml: cannot be read"),
        ({"configMapGenerator": [{"name": "a", "literals": []}]}, "disableNameSuffixHash is expected"),
        ({"patches": [{"target": {"kind": "Pod", "name": "a"}, "patch": "[]"}]}, "there is no Pod a"),
    ],
)
def test_what_this_part_does_not_know_is_refused(tmp_path: Path, keys: dict[str, Any], words: str) -> None:
    with pytest.raises(CannotRender, match=re.escape(words)):
        built(kustomization(tmp_path / "k", **keys))


@pytest.mark.parametrize("text", ["a: [", "3", "\x00", ""])
def test_a_file_that_is_no_object_is_told(tmp_path: Path, text: str) -> None:
    directory = kustomization(tmp_path / "k", resources=["it.yaml"])
    (directory / "it.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CannotRender, match=r"it\.yaml: "):
        built(directory)


def test_images_are_renamed_as_kustomize_does(tmp_path: Path) -> None:
    pod = {"containers": [{"image": image} for image in ("a", "a:1", "x.y:5000/a:1", "a@sha256:00")]}
    made = {"kind": "Deployment", "metadata": {"name": "d"}, "spec": {"template": {"spec": pod}}}
    directory = kustomization(
        tmp_path / "k", resources=["it.yaml"], images=[{"name": "a", "newName": "b", "newTag": "2"}]
    )
    (directory / "it.yaml").write_text(as_yaml(made), encoding="utf-8")
    images = [each["image"] for each in containers_of(built(directory))]
    assert images == ["b:2", "b:2", "x.y:5000/a:1", "b:2"]
