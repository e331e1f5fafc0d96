"""A well-behaved service: it reads the body and says so."""

import json


def application(environ, start_response):
    """Answer with the length of the body."""
    length = 0
    while piece := environ["wsgi.input"].read(65536):
        length += len(piece)
    body = json.dumps({"side": "service", "length": length}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
