"""How `make-book` and `watch` end: the exit codes, and the errors that lead to them."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a script is told."""

    ALL = 0
    """Every picture of the book is there and saved."""
    SOME = 1
    """Some pictures are there and saved, others are not."""
    NONE = 2
    """The book has ended without any picture."""
    REFUSED = 3
    """The command, the tale's file, the folder or the request is wrong."""
    UNREACHABLE = 4
    """The server does not answer, or answers with errors of its own, try after try."""
    INTERRUPTED = 130
    """Ctrl-C (128 and SIGINT, as shells count)."""
    TERMINATED = 143
    """128 and SIGTERM."""
    PIPE_CLOSED = 141
    """Whoever read the output has gone (128 and SIGPIPE)."""


HELP = """\
exit codes:
  0    every picture is there and saved
  1    some pictures are there and saved, others failed
  2    the book failed or was canceled without any picture
  3    the command, the tale's file, the folder or the request is wrong
  4    the server does not answer, or answers 5xx, try after try
  130  Ctrl-C; what is printed last goes on watching
  143  SIGTERM; likewise
"""


class MakeBookError(Exception):
    """The command cannot go on; the message says why and what to do, one line or several."""

    code: ExitCode = ExitCode.REFUSED


class WrongUse(MakeBookError):
    """An option, the tale's file or the folder is not as it must be."""


class GaveUp(MakeBookError):
    """The server was out of reach for too long."""

    code = ExitCode.UNREACHABLE
