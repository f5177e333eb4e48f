"""`python -m api_stub`: the API and its fleet, without the rest of the stack."""

from __future__ import annotations


def main() -> None:
    """Hand over. The import is here because the fleet's forkserver children import this module's parent."""
    from api_stub.server import main as serve

    serve()


if __name__ == "__main__":
    main()
