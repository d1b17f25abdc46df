"""What the processes of `outgate serve` load: no more than they are made of, so that they start soon and stay small."""

import subprocess
import sys

import pytest

_WEB = ("starlette", "uvicorn", "jinja2", "gateway.web")
_FEW_HAVE = ("msal", "asyncssh", "httpx2", "requests")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("process", "foreign"),
    [
        ("supervisor", (*_FEW_HAVE, *_WEB, "gateway.keeper")),
        ("smtp", (*_FEW_HAVE, *_WEB, "gateway.keeper")),
        ("keeper", (*_FEW_HAVE, *_WEB)),
        ("portal", (*_FEW_HAVE, "gateway.keeper", "gateway.pipeline", "gateway.listen", "gateway.edges.relay", "gateway.edges.sandbox")),
        ("recorder", (*_FEW_HAVE, *_WEB, "gateway.keeper", "gateway.pipeline", "gateway.policy", "gateway.mime", "gateway.listen")),
    ],
)
def test_a_process_loads_only_what_it_is_made_of(process, foreign):
    code = f"import sys, gateway.app.serving.{process}; print(sorted({set(foreign)} & sys.modules.keys()))"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
