"""Why the catalogue does not answer."""


class CatalogSilentError(Exception):
    """The catalog service did not answer, or not as its description says."""


class CatalogUnavailableError(Exception):
    """Nobody who knows the catalogue can be asked: the service is silent, and its tables are not in reach."""

    def __str__(self) -> str:
        return "The catalog service is silent, and CATALOG_DATABASE_URL names no database to read its tables from."
