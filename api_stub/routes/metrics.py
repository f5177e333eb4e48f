"""Figures for Prometheus."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api_stub.metrics.metrics import Metrics

router = APIRouter(tags=["records"])
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_of(request: Request) -> Metrics:
    """The metrics of the app that a request is for (a FastAPI dependency)."""
    found: Metrics = request.app.state.metrics
    return found


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus' text format 0.0.4",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        }
    },
)
async def metrics(found: Annotated[Metrics, Depends(metrics_of)]) -> Response:
    """Orders, workers, takeovers and the audit for Prometheus. While Temporal is away, what was counted last;
    `gopherpizza_audit_age_seconds` tells how long ago that was."""
    return Response(await found.text(), media_type=CONTENT_TYPE)
