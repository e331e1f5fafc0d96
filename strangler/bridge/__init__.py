"""A user who stays logged in, whichever side the login lives on; for the service that login itself is extracted to.

Note [Where a login lives]: a login lives on the side where somebody logged in, in that side's session store and
cookie. The other side recognises it for as long as it lives there, and never longer:

    made by        the other side learns of it                      it ends there
    ------------   ----------------------------------------------   ---------------------------------------------
    the monolith   facade or nginx sign a principal per request     with the monolith's session
    the service    the monolith asks the service, server to server  with the service's session, by the next request

So no token of a login ever passes through a browser: there is nothing to replay, and nothing to plant. The monolith
gives the service's login a session of its own, with a new key, that is bound to the service's cookie: the one
without the other is nobody.

Users are rows on both sides (`strangler.bridge.users`). A changed password ends the logins of both, since Django
binds each session to its user's password.

Install `strangler.bridge` on both sides, its `urls` at the root, and after Django's own AuthenticationMiddleware
`strangler.bridge.middleware.LoginMiddleware` in the monolith, `strangler.bridge.middleware.VisitorMiddleware` in the
service. The topology names the service's `session_cookie`.
"""
