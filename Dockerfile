# The image of worker, API and, for clusters to play with, Temporal's server for development. The game is not in
# it: the window runs where you sit. Build it in the checkout:  docker build -t gopherpizza:0.1.0 .
# The base is pinned by its version. For a production build pin it by its digest, too (docker pull tells it).
FROM python:3.13.7-slim-trixie AS build
COPY configs/kubernetes/image-requirements.txt /build/requirements.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --only-binary=:all: -r /build/requirements.txt \
    && /opt/venv/bin/python -m pip uninstall --yes pip
COPY worker /app/worker
COPY api_stub /app/api_stub
COPY configs /app/configs
# The tree is read-only where it runs: what Python would compile at each start is compiled here, once.
RUN /opt/venv/bin/python -m compileall -q /app/worker /app/api_stub

FROM python:3.13.7-slim-trixie
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    USER=gopherpizza
# By number: Kubernetes can tell that this is not root (runAsNonRoot). There is no entry in /etc/passwd for it, and
# Temporal's server would not start without a name in USER.
USER 10001:10001
EXPOSE 8000
CMD ["python", "-m", "worker", "--pod"]
