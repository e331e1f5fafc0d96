"""What an extracted service installs: who the user is, and whether it is well.

`PrincipalMiddleware` turns the signed `Strangler-Principal` header into `request.user`; `urls` answers
`/health/live` and `/health/ready`; `sign_principal` lets the service speak for itself to others.
"""

from strangler.core.principal import Principal
from strangler.service.principal import AnonymousServiceUser, PrincipalMiddleware, ServiceUser
from strangler.tokens import PRINCIPAL_HEADER, read_principal, sign_principal

__all__ = [
    "PRINCIPAL_HEADER",
    "AnonymousServiceUser",
    "Principal",
    "PrincipalMiddleware",
    "ServiceUser",
    "read_principal",
    "sign_principal",
]
