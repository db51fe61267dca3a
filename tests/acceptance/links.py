# SPDX-License-Identifier: Apache-2.0
# Copyright The Xinglin Authors
"""Lines between the members of a cluster which can be cut: every connection from one member's
engine to another's goes through a forwarder of its own. It needs no privileges and no other
addresses."""

import socket
import threading


class Line:
    """From one member to another's port."""

    def __init__(self, port):
        self.port = port
        self.changed = threading.Condition()
        self.whole = True
        self.ended = False
        self.ends = []
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def entry(self):
        return self.listener.getsockname()[1]

    def cut(self, hard):
        """Nothing comes through any more. `hard`: connections end, otherwise they go silent."""
        with self.changed:
            self.whole = False
        if hard:
            self.end_connections()

    def heal(self):
        with self.changed:
            self.whole = True
            self.changed.notify_all()

    def close(self):
        with self.changed:
            self.ended = True
            self.changed.notify_all()
        self.listener.close()
        self.end_connections()

    def end_connections(self):
        ends, self.ends = self.ends, []
        for one in ends:
            end(one)

    def wait_until_whole(self):
        with self.changed:
            self.changed.wait_for(lambda: self.whole or self.ended)

    def accept(self):
        while True:
            try:
                dialer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.join, args=(dialer,), daemon=True).start()

    def join(self, dialer):
        self.ends.append(dialer)
        self.wait_until_whole()
        try:
            target = socket.create_connection(("127.0.0.1", self.port))
        except OSError:
            end(dialer)
            return
        self.ends.append(target)
        threading.Thread(target=self.pump, args=(target, dialer), daemon=True).start()
        self.pump(dialer, target)

    def pump(self, source, sink):
        try:
            while data := source.recv(1 << 16):
                self.wait_until_whole()
                sink.sendall(data)
        except OSError:
            pass  # an end is gone
        end(source)
        end(sink)


def end(one):
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    one.close()


class Links:
    """All lines of a cluster that is not started yet."""

    def __init__(self, cluster):
        self.lines = {}
        for member in cluster:
            for name, port in cluster.ports.items():
                if name == member.name:
                    continue
                line = self.lines[member.name, name] = Line(port)
                member.configure(rf"@127\.0\.0\.1:{port}\b", f"@127.0.0.1:{line.entry}")

    def part(self, side, hard=False):
        """Cuts the members named from all others."""
        for (one, other), line in self.lines.items():
            if (one in side) != (other in side):
                line.cut(hard)

    def heal(self):
        for line in self.lines.values():
            line.heal()

    def close(self):
        for line in self.lines.values():
            line.close()
