"""Files that are there as a whole or not at all, and outputs that are refused before the work."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from eegvlm.core.files import (
    check_output_file,
    check_output_folder,
    make_folder,
    replacing,
    replacing_folder,
    write_bytes,
    write_text,
    write_together,
)
from eegvlm.core.output_errors import output_errors
from eegvlm.core.temporary_names import holds_nothing, remove_unfinished, temporary_path
from eegvlm.errors import InputError

_KILLED_HALF_WAY = """
import sys, time
from eegvlm.core.files import replacing

with replacing(sys.argv[1]) as path, path.open("wb") as stream:
    stream.write(b"half of the n")
    stream.flush()
    print("half-way", flush=True)
    time.sleep(600)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def refusal(path: Path, number: int) -> str:
    with pytest.raises(InputError) as caught, output_errors(path):
        raise OSError(number, os.strerror(number), str(path))
    return str(caught.value)


def write_half(file: Path, error: BaseException) -> None:
    with replacing(file) as temporary:
        temporary.write_bytes(b"half")
        raise error


def fill_half(folder: Path, error: BaseException) -> None:
    with replacing_folder(folder) as temporary:
        (temporary / "00000.png").write_bytes(b"png")
        raise error


def failing_flush(monkeypatch: pytest.MonkeyPatch, number: int, *, at_call: int = 1) -> None:
    calls = []

    def fail(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == at_call:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.fsync", fail)


def test_text_is_utf_8_with_the_same_ends_of_lines_on_every_system(tmp_path):
    write_text(tmp_path / "a.txt", "µV\nN3\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xc2\xb5V\nN3\n"
    write_text(tmp_path / "a.txt", "\udcff", errors="replace")
    assert (tmp_path / "a.txt").read_bytes() == b"?"


def test_a_file_is_replaced_and_nothing_lies_beside_it(tmp_path):
    write_bytes(tmp_path / "night.edf", b"old")
    write_bytes(tmp_path / "night.edf", b"new")
    assert (tmp_path / "night.edf").read_bytes() == b"new"
    assert names(tmp_path) == ["night.edf"]


def test_a_process_that_is_killed_half_way_leaves_the_old_file_whole(tmp_path):
    file = tmp_path / "night.edf"
    file.write_bytes(b"old and whole")
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED_HALF_WAY, str(file)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "half-way\n"
        child.send_signal(signal.SIGKILL)
    assert file.read_bytes() == b"old and whole"
    (left,) = (path for path in tmp_path.iterdir() if path != file)
    assert left.name.startswith(".night.edf.")
    assert left.suffix == ".partial"
    assert left.read_bytes() == b"half of the n"
    assert holds_nothing(tmp_path, "night.edf")
    remove_unfinished(file)
    assert names(tmp_path) == ["night.edf"]


def test_what_is_left_of_another_file_is_not_removed(tmp_path):
    for name in (".night.edf.1-00ff00.partial", ".night.1.edf.1-00ff00.partial", "night.partial"):
        (tmp_path / name).touch()
    remove_unfinished(tmp_path / "night")
    remove_unfinished(tmp_path / "absent" / "night")
    assert len(names(tmp_path)) == 3


def test_two_processes_write_under_different_names():
    here = temporary_path(Path("night.edf"))
    program = "from pathlib import Path; from eegvlm.core.temporary_names import *; import os; os.getpid = lambda: 1;"
    command = [sys.executable, "-c", program + "print(temporary_path(Path('night.edf')))"]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2))
    assert len({str(here), first, second}) == 3


def test_a_name_of_255_bytes_can_be_written(tmp_path):
    file = tmp_path / ("ü" * 125 + ".json")
    write_bytes(file, b"{}")
    assert file.read_bytes() == b"{}"
    check_output_file(file)


def test_a_library_that_fails_leaves_the_old_file_and_no_temporary_one(tmp_path):
    file = tmp_path / "epochs.npy"
    file.write_bytes(b"old")
    with pytest.raises(ValueError, match="no array"):
        write_half(file, ValueError("no array"))
    assert file.read_bytes() == b"old"
    assert names(tmp_path) == ["epochs.npy"]


def test_an_interrupt_leaves_no_temporary_file(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write_half(tmp_path / "a", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        fill_half(tmp_path / "b", KeyboardInterrupt())
    assert names(tmp_path) == []


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "hypnogram.csv"
    file.write_bytes(b"old")
    failing_flush(monkeypatch, errno.ENOSPC)
    with pytest.raises(InputError) as caught:
        write_bytes(file, b"new")
    assert str(caught.value) == (
        f"{file}: output: no space left on the disk; free space there, or choose a place on another disk"
    )
    assert file.read_bytes() == b"old"
    assert names(tmp_path) == ["hypnogram.csv"]


def test_a_full_disk_that_a_library_meets_is_the_same_sentence(tmp_path):
    with pytest.raises(InputError, match=r"night\.edf: output: no space left"):
        write_half(tmp_path / "night.edf", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_what_numpy_says_of_a_full_disk_names_the_file_and_asks_for_room(tmp_path):
    import numpy as np

    said = pytest.raises(InputError, match=r"epochs\.npy: output: .*(the disk has room|no space left)")
    with said, replacing(tmp_path / "epochs.npy"), Path("/dev/full").open("wb") as stream:
        np.save(stream, np.zeros(100_000))
    assert names(tmp_path) == []


def test_files_that_belong_together_are_all_replaced_or_none(tmp_path, monkeypatch):
    first, second = tmp_path / "events.json", tmp_path / "events.tsv"
    first.write_bytes(b"old 1")
    second.write_bytes(b"old 2")
    with monkeypatch.context() as patched:
        failing_flush(patched, errno.ENOSPC, at_call=2)
        with pytest.raises(InputError, match=r"events\.tsv"):
            write_together({first: b"new 1", second: b"new 2"})
    assert (first.read_bytes(), second.read_bytes()) == (b"old 1", b"old 2")
    second.unlink()
    second.mkdir()
    with pytest.raises(InputError, match=r"events\.tsv: output: there is a folder of this name; name a file"):
        write_together({first: b"new 1", second: b"new 2"})
    assert first.read_bytes() == b"old 1"
    assert names(tmp_path) == ["events.json", "events.tsv"]


def test_a_new_folder_appears_when_it_is_filled(tmp_path):
    with replacing_folder(tmp_path / "night") as temporary:
        (temporary / "00000.png").write_bytes(b"png")
        assert not (tmp_path / "night").exists()
    assert names(tmp_path) == ["night", "night/00000.png"]


def test_a_folder_that_fails_half_way_does_not_appear(tmp_path):
    with pytest.raises(InputError, match="night: output: no space left"):
        fill_half(tmp_path / "night", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert names(tmp_path) == []


def test_entries_move_into_a_folder_that_exists_the_one_that_says_all_is_there_last(tmp_path, monkeypatch):
    folder = tmp_path / "model"
    (folder / "templates").mkdir(parents=True)
    (folder / "templates" / "old").touch()
    (folder / "config.json").write_bytes(b"old")
    (folder / "notes.txt").write_bytes(b"mine")
    moved = []
    replace = os.replace
    monkeypatch.setattr("os.replace", lambda source, target: (moved.append(target.name), replace(source, target)))
    with replacing_folder(folder, last="config.json") as temporary:
        (temporary / "templates").mkdir()
        (temporary / "config.json").write_bytes(b"new")
        (temporary / "weights").write_bytes(b"new")
        assert (folder / "config.json").read_bytes() == b"old"
    assert moved == ["templates", "weights", "config.json"]
    assert names(folder) == ["config.json", "notes.txt", "templates", "weights"]
    assert (folder / "config.json").read_bytes() == b"new"


def test_the_working_folder_can_be_filled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with replacing_folder(".", last="config.json") as temporary:
        (temporary / "config.json").touch()
    assert names(tmp_path) == ["config.json"]


def test_a_file_is_not_replaced_by_a_folder(tmp_path):
    (tmp_path / "model").write_bytes(b"mine")
    with pytest.raises(InputError, match="there is a file of this name; name a folder"):
        fill_half(tmp_path / "model", KeyboardInterrupt())
    with pytest.raises(InputError, match="there is a file of this name; name a folder"):
        make_folder(tmp_path / "model")
    assert names(tmp_path) == ["model"]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EIO])
def test_every_error_of_the_system_names_the_path_and_a_remedy(tmp_path, number):
    sentence = refusal(tmp_path / "night.edf", number)
    path, field, rest = sentence.split(": ", 2)
    assert (path, field) == (str(tmp_path / "night.edf"), "output")
    assert rest.count("; ") == 1
    assert "\n" not in sentence


def test_an_error_about_another_file_is_not_told_as_one_of_the_output(tmp_path):
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "out.csv"):
        (tmp_path / "in.csv").read_bytes()
    assert names(tmp_path) == []


class TestChecksOfFiles:
    def test_a_file_that_can_be_written_passes_and_nothing_stays(self, tmp_path):
        (tmp_path / "old.edf").touch()
        check_output_file(tmp_path / "new.edf", needs_bytes=1)
        check_output_file(tmp_path / "old.edf", overwrite=True)
        assert names(tmp_path) == ["old.edf"]

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("absent/a.edf", "the folder does not exist; create it first"),
            ("file/a.edf", "a part of this path is a file"),
            ("file/b/a.edf", "a part of this path is a file"),
            ("folder", "there is a folder of this name; name a file"),
            ("x" * 256, "the name is too long; choose a shorter one"),
            ("pipe", "a device, pipe or socket; name a file"),
        ],
    )
    def test_a_file_that_cannot_be_written_is_refused(self, tmp_path, path, said):
        (tmp_path / "file").touch()
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "pipe")
        before = names(tmp_path)
        with pytest.raises(InputError, match=said) as caught:
            check_output_file(tmp_path / path)
        assert caught.value.path == str(tmp_path / path)
        with pytest.raises(InputError, match=said):
            write_bytes(tmp_path / path, b"content")
        assert names(tmp_path) == before

    def test_a_file_that_is_to_be_kept_is_refused(self, tmp_path):
        (tmp_path / "a.csv").touch()
        with pytest.raises(InputError, match="exists already"):
            check_output_file(tmp_path / "a.csv", overwrite=False)

    def test_a_disk_without_room_is_refused(self, tmp_path):
        with pytest.raises(InputError, match=r"a\.edf: free space: \d+ MB; 1000000000000 MB are needed"):
            check_output_file(tmp_path / "a.edf", needs_bytes=10**18)
        assert names(tmp_path) == []


class TestChecksOfFolders:
    def test_a_folder_that_can_be_made_passes_and_nothing_stays(self, tmp_path):
        check_output_folder(tmp_path / "a" / "b", needs_bytes=1)
        check_output_folder(tmp_path, files=("x.csv",))
        assert names(tmp_path) == []

    @pytest.mark.parametrize(
        ("path", "said"),
        [
            ("file", "there is a file of this name; name a folder"),
            ("file/a/b", "a part of this path is a file"),
            ("a/" + "x" * 256 + "/b", "the name is too long"),
            ("nowhere", "there is a file of this name"),
        ],
    )
    def test_a_folder_that_cannot_be_made_is_refused(self, tmp_path, path, said):
        (tmp_path / "file").touch()
        (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
        with pytest.raises(InputError, match=said) as caught:
            check_output_folder(tmp_path / path)
        assert caught.value.path == str(tmp_path / path)
        assert names(tmp_path) == ["file", "nowhere"]

    def test_a_folder_in_the_place_of_one_of_its_files_is_refused(self, tmp_path):
        (tmp_path / "out" / "hypnogram.csv").mkdir(parents=True)
        with pytest.raises(InputError, match=r"hypnogram\.csv: output: there is a folder of this name"):
            check_output_folder(tmp_path / "out", files=("staging.json", "hypnogram.csv"))

    def test_a_disk_without_room_is_refused(self, tmp_path):
        with pytest.raises(InputError, match="free space"):
            check_output_folder(tmp_path / "a" / "b", needs_bytes=10**18)

    @pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that takes no files")
    @pytest.mark.parametrize("path", ["/proc/out", "/proc/a/b/out"])
    def test_where_nothing_can_be_created_is_refused_for_root_too(self, path):
        with pytest.raises(InputError, match="nothing can be created there; choose another folder"):
            check_output_folder(path)

    @pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permission bits do not bind root")
    def test_a_folder_without_permission_to_write_is_refused(self, tmp_path):
        tmp_path.chmod(0o500)
        try:
            with pytest.raises(InputError, match="permission denied"):
                check_output_folder(tmp_path / "out")
        finally:
            tmp_path.chmod(0o700)
