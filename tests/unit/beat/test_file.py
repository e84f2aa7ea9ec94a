"""The file of the persistent scheduler: whole, or what it was before; and what is done with one that is neither."""

import os
import threading
from pathlib import Path

import pytest

from celeriac.beat.file import Progress, StateFile, Unreadable


@pytest.fixture
def file(tmp_path: Path) -> StateFile:
    return StateFile(str(tmp_path / "schedule"))


STATE = {"a": Progress(1, 2), "ü\n": Progress(None, 0)}


def test_what_was_written_is_read(file: StateFile) -> None:
    assert file.read() == {}
    file.write(STATE)
    assert file.read() == STATE


def test_a_file_cut_short_anywhere_is_found_out(file: StateFile) -> None:
    file.write(STATE)
    whole = Path(file.path).read_bytes()
    for length in range(len(whole)):
        Path(file.path).write_bytes(whole[:length])
        with pytest.raises(Unreadable):
            file.read()


def test_a_changed_file_is_found_out(file: StateFile) -> None:
    file.write(STATE)
    whole = Path(file.path).read_bytes()
    for place in range(len(whole)):
        Path(file.path).write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(Unreadable):
            file.read()


def test_files_of_others_are_not_ours(file: StateFile) -> None:
    for data in (b"", b"\x13\x57\x9a\xce" * 100, os.urandom(4096), b"{}"):
        Path(file.path).write_bytes(data)
        with pytest.raises(Unreadable):
            file.read()


def test_moving_aside_loses_nothing(file: StateFile) -> None:
    for data in (b"one", b"two"):
        Path(file.path).write_bytes(data)
        assert Path(file.move_aside()).read_bytes() == data
    assert not os.path.exists(file.path)


def test_a_reader_beside_a_writer_never_sees_half_a_file(file: StateFile) -> None:
    file.write({})
    numbers: list[int] = []
    enough = threading.Event()

    def write() -> None:
        while len(numbers) < 100 or not enough.is_set():
            numbers.append(number := len(numbers))
            file.write({f"{name}": Progress(number, number) for name in range(number % 100)})

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(100):
            runs = [progress.runs for progress in file.read().values()]
            assert not runs or runs == [runs[0]] * (runs[0] % 100)
    finally:
        enough.set()
        writer.join()
    assert len(file.read()) == numbers[-1] % 100


def test_what_dead_writers_left_is_swept(file: StateFile) -> None:
    left, mine = f"{file.path}.999999999.new", f"{file.path}.{os.getpid()}.new"
    for path in (left, mine):
        Path(path).touch()
    file.sweep()
    assert not os.path.exists(left)
    assert os.path.exists(mine)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        StateFile(str(tmp_path / "no" / "schedule")).write({})
