"""A command as a process of its own, on a terminal or with streams that a test reads and writes."""

import contextlib
import os
import select
import signal
import subprocess
import threading
import time

from tests.copies import ROOT

SECONDS = 120  # after which a process that does not answer is killed


@contextlib.contextmanager
def running(command, **options):
    """The command's process, killed when it takes too long and at the end."""
    with subprocess.Popen(command, cwd=ROOT, **options) as process:
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()


class Terminal:
    """The side of a terminal that a person sees."""

    def __init__(self, main):
        self.main, self.unread = main, ""

    def types(self, text):
        os.write(self.main, text.encode())

    def until(self, text):
        """What is shown up to the end of this text."""
        ends = time.monotonic() + SECONDS
        while text not in self.unread:
            ready, _, _ = select.select([self.main], [], [], max(0, ends - time.monotonic()))
            assert ready, f"no {text!r} after {self.unread!r}"
            self.unread += os.read(self.main, 1 << 16).decode().replace("\r\n", "\n")
        shown, _, self.unread = self.unread.partition(text)
        return shown + text


@contextlib.contextmanager
def terminal(command):
    """The command's process and its own terminal."""
    import pty  # here, because Windows lacks it

    main, own = pty.openpty()
    options = {"env": os.environ | {"TERM": "dumb"}, "preexec_fn": lambda: _take(own)}  # dumb: no colours
    with running(command, stdin=own, stdout=own, stderr=own, **options) as process:
        os.close(own)
        yield process, Terminal(main)
    os.close(main)


def _take(terminal):
    os.login_tty(terminal)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # which it is not in what a shell starts with &
