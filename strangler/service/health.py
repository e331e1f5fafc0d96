"""Whether this process lives, and whether it can work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse

if TYPE_CHECKING:
    from django.http import HttpRequest


def live(_request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process answers at all; touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


def ready(_request: HttpRequest) -> JsonResponse:
    """Answer 200 if every database answers and is migrated, else 503 with what is wrong."""
    problems = {alias: problem for alias in connections if (problem := _problem_of(alias))}
    return JsonResponse({"ready": not problems, "problems": problems}, status=503 if problems else 200)


def _problem_of(alias: str) -> str:
    try:
        executor = MigrationExecutor(connections[alias])
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return f"database does not answer: {error}"
    return f"{len(missing)} migrations are not applied" if missing else ""
