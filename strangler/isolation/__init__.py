"""Keep the code of one side away from the tables of the other.

`ownership` knows whose a table is now, `router` sends a model's queries to the database that has it, `guard` looks at every
statement, `ratchet` lists what is allowed for the time being, and `testing` brings both to a project's own tests.
"""

ROUTER = "strangler.isolation.router.OwnershipRouter"
"""What `DATABASE_ROUTERS` names."""

__all__ = ["ROUTER"]
