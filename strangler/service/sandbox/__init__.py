"""Do what is asked, show what it would have done, and leave nothing behind.

A request with a valid `Strangler-Shadow` header is answered as any other one, but in a sandbox: the transactions of all databases are
rolled back, mails, outbox messages and tasks are recorded and not sent, connections to elsewhere are refused, files go to a folder that
is thrown away, caches are empty ones of its own, processes are not started. The answer is an `Observation` as JSON, under a signed `Strangler-Sandbox` header.

What it can't hold: files that code opens itself instead of by a storage (see `is_active` and `folder`), what libraries in C do, what
is kept in the memory of the process, and numbers that a database gives out (AUTO_INCREMENT, sequences): they have gaps afterwards.
"""

from strangler.service.sandbox.middleware import SandboxMiddleware
from strangler.service.sandbox.room import folder, is_active

__all__ = ["SandboxMiddleware", "folder", "is_active"]
