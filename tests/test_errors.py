"""Messages: one line, whatever a file is called or holds; the system's errors that are ours look so."""

import errno
import os
import pickle
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multiyoucook2.errors import LINE_CHARACTERS, MyCookError, SourceError, WorkspaceError, readable, shell_line, shown


@given(st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_nothing_that_is_quoted_can_forge_a_line(message: str, hint: str, details: list[str]) -> None:
    error = SourceError(message, hint=hint, details=details)
    lines = str(error).split("\n")
    assert len(lines) == 1 + len(details)
    assert all(line.replace("\u3000", " ").isprintable() for line in [*lines, error.hint])
    assert all(len(line) <= LINE_CHARACTERS for line in [*lines, error.hint])


def test_a_password_in_an_address_is_left_out() -> None:
    assert shown("cannot reach https://me:secret@hub:8080/x") == "cannot reach https://***@hub:8080/x"
    assert shown("write to me@example.org") == "write to me@example.org"


def test_what_is_shown_keeps_both_ends() -> None:
    assert shown("a\x1b[31mb\u202e\ud800") == "a\\x1b[31mb\\u202e\\ud800"
    assert shown("塩と油") == "塩と油"
    long = shown("x" * 1000 + "end")
    assert (len(long), long[-3:]) == (200, "end")


def test_an_error_travels_between_processes() -> None:
    error = pickle.loads(pickle.dumps(SourceError("a", hint="b", details=["c"])))
    assert (str(error), error.hint, type(error)) == ("a\n  c", "b", SourceError)


def test_only_what_a_user_can_mend_is_asked_of_a_user() -> None:
    full = readable(OSError(errno.ENOSPC, "No space left", "x"))
    assert isinstance(full, WorkspaceError)
    assert "no space left while writing x" in str(full)
    for number in (errno.EBADF, errno.EINVAL, errno.ESPIPE, errno.EPIPE):
        error = OSError(number, os.strerror(number))
        assert readable(error) is error
    assert readable(OSError("without a number")).args == ("without a number",)


@pytest.mark.parametrize("word", ["a b", "it's", "~", "a\nb", "$x `y` \\", "é\x1b", "", "\udcff", "[x]*", "a'\nb\\n"])
def test_a_printed_command_can_be_pasted(word: str) -> None:
    line = shell_line(["printf", "%s", word])
    assert line.isprintable()
    assert subprocess.run(["bash", "-c", line], capture_output=True).stdout == os.fsencode(word)


def test_the_base_is_no_longer_than_a_line() -> None:
    assert len(str(MyCookError("x" * 10_000))) == LINE_CHARACTERS
