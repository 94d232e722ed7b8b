"""A listener that nobody may reach: redirects to private addresses lead here, and it counts who came."""

from __future__ import annotations

import socket
import threading


def listen(port: int = 0, address: str = "127.0.0.1") -> socket.socket:
    """A listening socket on an address of this machine.

    Raises:
        OSError: the port is taken, or the address is none of this machine.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(128)
    return listener


class Trap:
    """Accepts on a port of its own, closes at once, and remembers each peer."""

    def __init__(self) -> None:
        self._listener = listen()
        self.port: int = self._listener.getsockname()[1]
        self.visits: list[tuple[str, int]] = []
        self._thread = threading.Thread(target=self._accept, name="newsroom-trap", daemon=True)

    def start(self) -> None:
        """Begin to accept."""
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting."""
        # Closing alone leaves a blocked accept() waiting; shutdown ends it.
        if self._thread.is_alive():
            self._listener.shutdown(socket.SHUT_RDWR)
            self._thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                visitor, peer = self._listener.accept()
            except OSError:
                return
            self.visits.append(peer)
            visitor.close()
