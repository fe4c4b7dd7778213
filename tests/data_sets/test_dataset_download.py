"""Downloading, against a local server that misbehaves as servers do."""

from __future__ import annotations

from pathlib import Path

import pytest
from dataset_server import HYPNOGRAM, NIGHT, PSG, SCORING, Server

from eegvlm.errors import InputError
from eegvlm.lab.datasets import DATASETS, DatasetError
from eegvlm.lab.datasets.physionet import choose_files, download, list_remote, parse_list
from eegvlm.lab.datasets.transfer import USER_AGENT, Fetcher, RetryPolicy

FAST = RetryPolicy(pause_s=0.0, attempts=3, first_wait_s=0.01, timeout_s=5.0)


def fetch(server: Server, out: Path, subset: str | None = "SC4001*") -> tuple[tuple[str, ...], tuple[str, ...], int]:
    base, files = list_remote("sleep-edf", url=server.url, subset=subset, retries=FAST)
    done = download(base, files, out, retries=FAST)
    return done.fetched, done.kept, done.n_bytes


def test_the_files_that_hold_nights_are_fetched_verified_and_laid_out_as_listed(server: Server, tmp_path: Path) -> None:
    fetched, kept, n_bytes = fetch(server, tmp_path / "new", subset=None)
    assert set(fetched) == {"RECORDS", "SC-subjects.xls", PSG, SCORING}
    assert (tmp_path / "new" / PSG).read_bytes() == NIGHT
    assert kept == ()
    assert n_bytes == sum(len(server.files[path]) for path in fetched)
    assert not list(tmp_path.rglob("*.part"))
    assert {agent for _, _, agent in server.requests} == {USER_AGENT}


def test_what_is_there_is_verified_and_not_fetched_again(server: Server, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    server.requests.clear()
    fetched, kept, n_bytes = fetch(server, tmp_path)
    assert (fetched, n_bytes) == ((), 0)
    assert set(kept) == {PSG, SCORING}
    assert [path for path, _, _ in server.requests] == ["SHA256SUMS.txt"]


def test_a_truncated_transfer_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.faults[PSG] = ["cut", "cut"]
    _, _, n_bytes = fetch(server, tmp_path)
    half, three_quarters = len(NIGHT) // 2, len(NIGHT) * 3 // 4
    assert server.asked_for(PSG) == [None, f"bytes={half}-", f"bytes={three_quarters}-"]
    assert (tmp_path / PSG).read_bytes() == NIGHT
    assert n_bytes == len(NIGHT) + len(HYPNOGRAM), "no byte came twice"


def test_an_interrupted_run_leaves_its_part_for_the_next_one(server: Server, tmp_path: Path) -> None:
    server.faults[PSG] = ["cut", "503", "503", "503"]
    with pytest.raises(DatasetError, match=r"HTTP status 503.*run the same command again"):
        fetch(server, tmp_path)
    part = tmp_path / f"{PSG}.part"
    assert part.read_bytes() == NIGHT[: len(NIGHT) // 2]
    assert not (tmp_path / PSG).exists()

    server.requests.clear()
    fetch(server, tmp_path)
    assert server.asked_for(PSG) == [f"bytes={len(NIGHT) // 2}-"]
    assert (tmp_path / PSG).read_bytes() == NIGHT
    assert not part.exists()


def test_what_cannot_be_written_is_one_sentence(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"{PSG}.part").mkdir(parents=True)
    with pytest.raises(InputError, match=r"SC4001E0-PSG\.edf: output: there is a folder of this name"):
        fetch(server, tmp_path, subset="SC4001E0*")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="a part of this path is a file"):
        fetch(server, tmp_path / "file" / "below")


def test_a_server_without_ranges_sends_the_whole_file_and_it_is_not_appended(server: Server, tmp_path: Path) -> None:
    server.faults[PSG] = ["cut", "no ranges"]
    fetch(server, tmp_path)
    assert (tmp_path / PSG).read_bytes() == NIGHT


def test_a_part_that_is_whole_already_is_only_verified(server: Server, tmp_path: Path) -> None:
    (tmp_path / PSG).parent.mkdir()
    (tmp_path / f"{PSG}.part").write_bytes(NIGHT)
    _, _, n_bytes = fetch(server, tmp_path, subset="*-PSG.edf")
    assert n_bytes == 0
    assert (tmp_path / PSG).read_bytes() == NIGHT


def test_a_part_of_another_file_is_thrown_away_and_fetched_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / PSG).parent.mkdir()
    (tmp_path / f"{PSG}.part").write_bytes(b"something else")
    fetch(server, tmp_path, subset="*-PSG.edf")
    assert (tmp_path / PSG).read_bytes() == NIGHT


def test_a_wrong_checksum_is_one_clear_error_and_nothing_is_kept(server: Server, tmp_path: Path) -> None:
    server.files.pop("SHA256SUMS.txt")
    server.list(**{"SC4001E0-PSG": "0" * 64})
    with pytest.raises(DatasetError) as caught:
        fetch(server, tmp_path)
    assert f"{server.url}{PSG}: checksum: SHA-256" in str(caught.value)
    assert "instead of 000000000000" in str(caught.value)
    assert not list(tmp_path.rglob("*PSG*"))
    assert len(server.asked_for(PSG)) == 1


def test_a_file_that_is_there_with_another_content_is_never_replaced(server: Server, tmp_path: Path) -> None:
    (tmp_path / PSG).parent.mkdir()
    (tmp_path / PSG).write_bytes(b"mine")
    with pytest.raises(DatasetError, match="move it away to fetch that one"):
        fetch(server, tmp_path)
    assert (tmp_path / PSG).read_bytes() == b"mine"


def test_a_file_that_the_server_lacks_is_one_clear_error_without_a_second_try(server: Server, tmp_path: Path) -> None:
    server.files.pop(PSG)
    with pytest.raises(DatasetError, match=f"{PSG}: HTTP status: 404; there is no such file"):
        fetch(server, tmp_path)
    assert len(server.asked_for(PSG)) == 1


def test_a_list_that_is_not_there_names_its_address(server: Server) -> None:
    server.files.clear()
    with pytest.raises(DatasetError, match=r"SHA256SUMS.txt: HTTP status: 404"):
        list_remote("hmc", url=server.url, retries=FAST)


@pytest.mark.parametrize(("code", "hint"), [("401", "log-in"), ("403", "agreement"), ("400", "refuses")])
def test_a_refusal_says_what_to_do(server: Server, tmp_path: Path, code: str, hint: str) -> None:
    server.faults[PSG] = [code]
    with pytest.raises(DatasetError, match=hint):
        fetch(server, tmp_path)


def test_a_busy_server_is_asked_again_after_a_while(server: Server, tmp_path: Path) -> None:
    server.faults["SHA256SUMS.txt"] = ["503"]
    server.faults[PSG] = ["429", "500"]
    fetch(server, tmp_path)
    assert (tmp_path / PSG).read_bytes() == NIGHT


def test_attempts_are_counted_anew_while_bytes_still_come(server: Server, tmp_path: Path) -> None:
    server.faults[PSG] = ["cut"] * 8
    fetch(server, tmp_path)
    assert (tmp_path / PSG).read_bytes() == NIGHT


def test_an_answer_with_another_part_is_refused(server: Server, tmp_path: Path) -> None:
    server.faults[PSG] = ["cut", "other part"]
    with pytest.raises(DatasetError, match="not the part that was asked for"):
        fetch(server, tmp_path)


def test_a_server_that_is_not_there_is_given_up_after_the_attempts(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"transfer: .*check the network"):
        Fetcher(FAST).text("http://127.0.0.1:9/SHA256SUMS.txt")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/x", "nonsense"])
def test_only_web_addresses_are_fetched(url: str) -> None:
    with pytest.raises(DatasetError, match=r"begins with https://"):
        Fetcher(FAST).text(url)


@pytest.mark.parametrize("path", ["../outside.edf", "/etc/passwd", "a/../../b.edf", "C:\\x.edf", "a\x1b[2J.edf"])
def test_a_list_cannot_write_outside_of_the_folder(path: str) -> None:
    with pytest.raises(DatasetError, match="must stay below"):
        parse_list("list", f"{'0' * 64} {path}\n")


def test_a_list_that_is_no_list_or_contradicts_itself_is_refused() -> None:
    with pytest.raises(DatasetError, match=r"line 1: <html>; expected a SHA-256 and a path"):
        parse_list("list", "<html>\n")
    with pytest.raises(DatasetError, match="two checksums"):
        parse_list("list", f"{'0' * 64} a\n{'1' * 64}  *a\n")
    with pytest.raises(DatasetError, match="empty"):
        parse_list("list", "\n")


def test_a_subset_that_fits_nothing_says_how_names_look(server: Server) -> None:
    with pytest.raises(DatasetError, match=r"subset: XX\*; none of the 4 files fits; they are such as RECORDS"):
        list_remote("sleep-edf", url=server.url, subset="XX*", retries=FAST)


def test_two_downloads_into_one_folder_exclude_each_other(server: Server, tmp_path: Path) -> None:
    base, files = list_remote("sleep-edf", url=server.url, subset="SC4001*", retries=FAST)

    def second(*_: object) -> None:
        with pytest.raises(DatasetError, match="another download is writing there"):
            download(base, files, tmp_path, retries=FAST)

    download(base, files, tmp_path, retries=FAST, progress=second)
    assert (tmp_path / PSG).read_bytes() == NIGHT


def test_sets_that_are_not_open_say_where_they_are_got() -> None:
    with pytest.raises(DatasetError, match=r"NSRR data use agreement\): see https://sleepdata.org"):
        list_remote("shhs")
    with pytest.raises(DatasetError, match="choose one of sleep-edf, hmc, ucddb, cap"):
        list_remote("sleepless")


@pytest.mark.real_data
def test_the_published_list_of_sleep_edf_is_read_and_gives_every_night(real_data: Path) -> None:
    files = parse_list("list", (real_data / "sleep_edf/SHA256SUMS.txt").read_text())
    remote = DATASETS["sleep-edf"].download
    assert remote is not None
    chosen = choose_files("list", files, remote.patterns)
    assert len(files) == 398
    assert len([file for file in chosen if file.path.endswith(".edf")]) == 2 * 197
    records = (real_data / "sleep_edf/RECORDS").read_text().split()
    assert set(records) <= {file.path for file in chosen}
    assert len(choose_files("list", chosen, ["SC40*"])) == 2 * 20
