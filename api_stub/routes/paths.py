"""Ids in paths: whatever a workflow may be called is one segment of ours, also with a slash in it."""

from __future__ import annotations

from urllib.parse import unquote

from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope


class WholeSegments(APIRoute):
    """A route that is matched before its path is decoded: `a%2Fb` is one segment, the id `a/b`."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As the framework's own, on the path as it was sent."""
        sent = scope.get("raw_path")
        if not sent or b"%" not in sent or scope["type"] != "http":
            return super().matches(scope)
        match, child = super().matches({**scope, "path": sent.decode("latin-1")})
        found = child.get("path_params", {})
        child["path_params"] = {
            name: unquote(value) if isinstance(value, str) else value for name, value in found.items()
        }
        return match, child
