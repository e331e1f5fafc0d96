"""Why a message is not taken. Trying again would give the same.

RefusedError
├── MalformedError          not JSON, no object, a key that is missing, unknown or of the wrong type
│   └── TooLargeError       the body, the context or the rendered mail
├── UnknownTypeError        another type of message than the service takes
├── UnknownVersionError     newer than this service
├── AddressError            no address, or too many
├── HeaderInjectionError    a line break or another control character where a header would come from it
├── ConflictError           the business id is known, and belongs to another content
└── TemplateError           the mail can't be composed
    ├── NoTemplateError     there is no such template
    └── RenderingError      it fails with this context
"""


class RefusedError(Exception):
    """The root; the text says what is wrong, for the sender. `code` says it for programs."""

    code = "refused"


class MalformedError(RefusedError):
    """The body is not what the API describes."""

    code = "malformed"


class TooLargeError(MalformedError):
    """Something is over its limit."""

    code = "too-large"

    def __init__(self, what: str, *, size: int, limit: int) -> None:
        super().__init__(f"{what} has {size:,} bytes; at most {limit:,} are taken")
        self.size, self.limit = size, limit


class UnknownTypeError(RefusedError):
    """The message is of a type that this service does not know."""

    code = "unknown-type"

    def __init__(self, type_: str) -> None:
        super().__init__(f"this service takes messages of type email.deliver, not {type_!r}")


class UnknownVersionError(RefusedError):
    """The message is newer than this service."""

    code = "unknown-version"

    def __init__(self, version: object, *, newest: int) -> None:
        super().__init__(f"version {version!r} is unknown; this service knows versions up to {newest}")


class AddressError(RefusedError):
    """An address can't be one."""

    code = "address"


class HeaderInjectionError(RefusedError):
    """Text for a header would end the header."""

    code = "header-injection"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} has a line break or another control character in it")


class ConflictError(RefusedError):
    """The same business id was used for something else."""

    code = "conflict"

    def __init__(self, business_id: str) -> None:
        super().__init__(f"{business_id!r} is already the id of a message with another content")


class TemplateError(RefusedError):
    """The mail can't be composed; it can be once somebody has mended the template."""

    code = "template"


class NoTemplateError(TemplateError):
    """There is no such template."""

    code = "unknown-template"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no template {name!r}")


class RenderingError(TemplateError):
    """The template fails with this context."""

    code = "rendering"

    def __init__(self, name: str, *, cause: str) -> None:
        super().__init__(f"the template {name!r} fails with this context: {cause}")
