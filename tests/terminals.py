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
def running(command, **streams):
    """The command's process, killed when it takes too long and at the end."""
    with subprocess.Popen(command, cwd=ROOT, **streams) as process:
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
def terminal(command, **streams):
    """The command's process and its own terminal; streams that are given are not on the terminal."""
    import fcntl  # here, because Windows has none of these
    import pty
    import termios

    def owned():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # which it is not in what a shell starts with &

    main, its = pty.openpty()
    env = os.environ | {"TERM": "dumb"}  # no colours
    try:
        known = {"stdin": its, "stdout": its, "stderr": its} | streams
        with running(command, env=env, preexec_fn=owned, **known) as process:
            os.close(its)
            yield process, Terminal(main)
    finally:
        os.close(main)
