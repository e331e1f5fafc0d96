"""Watched calls of legacy on ASGI: every message passes as it came, and a copy of its bytes stays with the watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strangler.facade.asgi_legacy import AsgiLegacyCall
from strangler.facade.moved import MovedAway

if TYPE_CHECKING:
    from strangler.facade.asgi_body import Message, Receive
    from strangler.facade.asgi_legacy import Application
    from strangler.facade.watch import Watch


class WatchedAsgiLegacyCall(AsgiLegacyCall):
    """One call of the inner application that is captured."""

    def __init__(self, *call: Any, watch: Watch) -> None:
        super().__init__(*call)
        self.watch = watch

    async def run(self, application: Application, receive: Receive) -> None:
        """Let *application* answer; errors of the body come through as they are."""
        self.watch.recording.start()
        try:
            await super().run(application, self._watched(receive))
        except MovedAway:
            self.watch.abandon()
            raise
        except Exception as error:
            if self._body is not None and self._body.fault is not None:
                self.watch.abandon()
            else:
                self.watch.fail(error)
            raise
        finally:  # also of a request that is cancelled because its client went away
            self.watch.finish()

    def _watched(self, receive: Receive) -> Receive:
        async def receive_watched() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                self.watch.asked.take(message.get("body", b""))
                if not message.get("more_body", False):
                    self.watch.asked.end()
            return message

        return receive_watched

    async def _forward(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]]
            self.watch.answer(message["status"], fields)
        elif message["type"] == "http.response.body":
            self.watch.answered.take(message.get("body", b""))
            if not message.get("more_body", False):
                self.watch.answered.end()
        await super()._forward(message)
