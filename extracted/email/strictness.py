"""Make a variable that a mail's context lacks an error, where Django would print nothing."""


class MissingVariableError(Exception):
    """A template prints a variable that its context does not have."""

    def __init__(self, variable: object) -> None:
        super().__init__(f"the context has no {variable}")
        self.variable = str(variable)


class _Missing(str):
    """What Django formats with the variable's name instead of the missing value."""

    __slots__ = ()

    def __mod__(self, variable: object) -> str:
        raise MissingVariableError(variable)


MISSING = _Missing("%s")  # Django formats the text only if it finds %s in it
