"""Reading a terminal in one call or in many gives the same bytes, the same end and the same errors."""

import errno
import fcntl
import os
import pty
import socket
import sys
import threading
import tty

import pytest

from fuguemux.server.landing import many_reads
from fuguemux.server.landing.many_reads import ManyReads, Reads, one_read, quickest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="read one by one elsewhere: quickest() is one_read"
)

SIZE = 64 << 10
TEXT = b"".join(b"%07d\n" % number for number in range(SIZE // 2))


@pytest.fixture(params=[ManyReads, lambda: one_read])
def reads(request: pytest.FixtureRequest) -> Reads:
    made: Reads = request.param()
    return made


def terminal() -> tuple[int, int]:
    """The master, which does not block, and the raw slave of a new terminal."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    return master, slave


def test_everything_comes_in_order_and_then_the_end(reads: Reads) -> None:
    master, slave = terminal()

    def write() -> None:
        with open(slave, "wb") as file:
            file.write(TEXT)

    writer = threading.Thread(target=write)
    writer.start()
    got, room, ended = bytearray(), bytearray(SIZE), 0
    while True:
        try:
            count = reads(master, memoryview(room))
        except BlockingIOError:
            continue
        except OSError as problem:
            ended = problem.errno or 0
            break
        assert count > 0
        got += room[:count]
    writer.join()
    os.close(master)
    assert ended == errno.EIO, "so Linux says it"
    assert bytes(got) == TEXT


def test_nothing_now_is_no_end_and_is_forgotten_when_there_is_something(reads: Reads) -> None:
    master, slave = terminal()
    room = bytearray(100)
    for text in (b"one", b"two"):
        with pytest.raises(BlockingIOError):
            reads(master, memoryview(room))
        os.write(slave, text)
        assert reads(master, memoryview(room)) == 3
        assert bytes(room[:3]) == text
    os.close(master)
    os.close(slave)


def test_nothing_now_and_then_the_end(reads: Reads) -> None:
    read, write = os.pipe()
    os.set_blocking(read, False)
    room = bytearray(100)
    with pytest.raises(BlockingIOError):
        reads(read, memoryview(room))
    os.close(write)
    assert reads(read, memoryview(room)) == 0
    os.close(read)


def test_no_byte_outside_of_the_room_is_touched(reads: Reads) -> None:
    master, slave = terminal()
    os.write(slave, b"x" * 300)
    memory = bytearray(400)
    assert reads(master, memoryview(memory)[100:300]) == 200
    assert bytes(memory) == bytes(100) + b"x" * 200 + bytes(100)
    assert os.read(master, 400) == b"x" * 100, "the rest is still the terminal's"
    os.close(master)
    os.close(slave)


def test_a_descriptor_may_be_another_file_later(reads: Reads) -> None:
    room = bytearray(100)
    spare = fcntl.fcntl(0, fcntl.F_DUPFD, 600)  # other tests may have left descriptors
    for number in range(3):
        read, write = os.pipe()
        os.dup2(read, spare)
        os.close(read)
        os.write(write, b"%d" % number)
        os.close(write)
        assert reads(spare, memoryview(room)) == 1
        assert room[:1] == b"%d" % number
        assert reads(spare, memoryview(room)) == 0, "the end of a pipe"
        os.close(spare)
    with pytest.raises(OSError, match="Bad file descriptor"):
        reads(spare, memoryview(room))


@pytest.mark.parametrize(
    ("reads", "expected"), [(one_read, b"ab"), (ManyReads(), b"abcdef")], ids=["one", "many"]
)
def test_one_call_is_many_reads(reads: Reads, expected: bytes) -> None:
    """One read brings a packet, as one of a terminal brings 4 KiB."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        ours.setblocking(False)
        for packet in (b"ab", b"cd", b"ef"):
            theirs.send(packet)
        room = bytearray(100)
        count = reads(ours.fileno(), memoryview(room))
        assert bytes(room[:count]) == expected


@pytest.mark.parametrize("error", [ImportError, OSError, AttributeError])
def test_where_the_c_library_cannot_be_called_there_is_one_read_at_a_time(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(quickest(), ManyReads)

    def refuse() -> None:
        raise error

    monkeypatch.setattr(many_reads, "ManyReads", refuse)
    assert quickest() is one_read
