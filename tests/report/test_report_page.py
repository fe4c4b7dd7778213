"""The page as a file: what it may do, what it says, what it refuses, what it weighs."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import re
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from report_nights import Reported, eeg_like, random_probabilities, staged, unpacked

from eegvlm.errors import InputError
from eegvlm.evidence.measuring import measure_night
from eegvlm.report.packing import unpack_bytes
from eegvlm.signals import Recording, read_recording

HOSTILE = '</script><img src=x onerror="alert(1)">'


class Elements(HTMLParser):
    """Every element with its attributes, and what scripts and styles hold."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag in self.texts:
            self._inside = tag
            self.texts[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside][-1] += data

    def of(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]


def _sha256(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def write_hostile(tmp_path: Path) -> Path:
    """Write a page whose every text tries to be more than a text."""
    label = "C4-M1 " + HOSTILE
    recording = Recording.from_arrays({label: (eeg_like(100 * 30 * 6), 100.0)}, channels={"eeg": label})
    reported = staged(recording, random_probabilities(6), model=HOSTILE)
    claim = {"kind": HOSTILE, "channel": HOSTILE, "start_s": 1, "end_s": 2, "value": HOSTILE, "unit": HOSTILE}
    claim |= {"verdict": HOSTILE, "measured": {HOSTILE: HOSTILE}}
    odd = {"kind": "__proto__", "start_s": 3, "end_s": 1e9, "verdict": "constructor", "measured": [1, None]}
    told = {
        "epoch": 2,
        "stage": HOSTILE,
        "text": HOSTILE,
        "rules": [HOSTILE],
        "claims": [claim, odd],
        "faithfulness": HOSTILE,
    }
    return reported.having(rationales=(told,)).write(tmp_path)


def test_the_policy_lets_nothing_load_and_only_the_page_s_own_style_and_script_run(short_page: Path) -> None:
    elements = Elements(short_page)
    policy = next(one["content"] for one in elements.of("meta") if one.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    run = [text for attributes, text in zip(elements.of("script"), elements.texts["script"], strict=True)
           if attributes.get("type") != "text/plain"]  # fmt: skip
    assert rules["script-src"] == " ".join(f"'{_sha256(text)}'" for text in run)
    assert rules["style-src"] == " ".join(f"'{_sha256(text)}'" for text in elements.texts["style"])


def test_the_page_refers_to_nothing_outside_of_itself(short_page: Path) -> None:
    elements = Elements(short_page)
    addresses = [
        one[key] or "" for _, one in elements.found for key in ("src", "href", "action", "srcset") if key in one
    ]
    assert addresses
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in addresses)
    assert not [one for _, one in elements.found if "style" in one or any(key.startswith("on") for key in one)]


def test_hostile_labels_and_texts_stay_texts(tmp_path: Path) -> None:
    page = write_hostile(tmp_path)
    elements = Elements(page)
    assert [one.get("alt", "")[:14] for one in elements.of("img")] == ["Spectrogram of"]
    assert "<img src=x" not in page.read_text(encoding="utf-8")
    assert unpacked(page, "details-0")[1]["why"]["text"] == HOSTILE
    assert unpacked(page, "meta")["panels"][0]["channel"].endswith(HOSTILE)


def test_no_script_of_the_page_turns_text_into_elements(short_page: Path) -> None:
    script = Elements(short_page).texts["script"][-1]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", script)


def test_patient_fields_of_the_header_never_appear(tmp_path: Path, eeg: np.ndarray) -> None:
    import edfio

    signal = edfio.EdfSignal(eeg[: 100 * 90].astype(float), 100, label="EEG C4-M1", physical_dimension="uV")
    patient = edfio.Patient(code="MRN-4711", name="Doe_Jane", sex="F", birthdate=None)
    edfio.Edf([signal], patient=patient).write(tmp_path / "night.edf")
    recording = read_recording(tmp_path / "night.edf")
    page = staged(recording, random_probabilities(3)).write(tmp_path, measured=True)
    packed = re.findall(r'<script type="text/plain"[^>]*>([^<]*)<', page.read_text(encoding="utf-8"))
    all_text = page.read_bytes() + b"".join(gzip.decompress(unpack_bytes(one)) for one in packed)
    assert b"4711" not in all_text
    assert b"Jane" not in all_text


def test_notice_and_provenance_are_there(short_page: Path) -> None:
    text = short_page.read_text(encoding="utf-8")
    for said in ("Research use; verify by a trained scorer.", "eeg-vlm 0.0", "made-up", "0" * 64, "smoothing"):
        assert said in text


def test_the_page_calls_probabilities_calibrated_only_as_far_as_the_provenance_does(
    tmp_path: Path, eeg: np.ndarray
) -> None:
    recording = Recording.from_arrays({"C4-M1": (eeg[:9000], 100.0)})
    twice = {"stage_temperature": 1.25, "smoothing_strength": 0.7, "smoothed_temperature": 1.5}
    for provenance, said in (
        ({"stage_temperature": 1.0}, "the checkpoint holds no calibration of single epochs; whether"),
        ({"stage_temperature": 1.25}, "temperature (1.25); whether they hold for this recording is not known"),
        ({"smoothing": "posterior"}, "neighbouring epochs (posterior); not calibrated again after that"),
        ({"smoothing": "posterior", "calibration": twice}, "temperature (1.5) again"),
    ):
        page = staged(recording, random_probabilities(3), **provenance).write(tmp_path)
        assert said in html.unescape(page.read_text(encoding="utf-8"))


def test_a_folder_or_a_file_may_be_named(short_night: Reported, tmp_path: Path) -> None:
    assert short_night.write(tmp_path / "made" / "here") == tmp_path / "made" / "here" / "report.html"
    assert short_night.write(tmp_path / "mine.html") == tmp_path / "mine.html"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "mine.html"]


def test_the_same_night_gives_the_same_page(short_night: Reported, short_page: Path, tmp_path: Path) -> None:
    assert short_night.write(tmp_path, explained=True).read_bytes() == short_page.read_bytes()


def test_what_does_not_belong_together_is_refused_in_a_sentence(
    short_night: Reported, eeg: np.ndarray, tmp_path: Path
) -> None:
    other = Recording.from_arrays({"C4-M1": (eeg[:9000], 100.0)})
    other_night = staged(other, random_probabilities(3)).night
    with pytest.raises(InputError, match="night that was staged"):
        short_night.having(prepared=other_night.prepared).write(tmp_path)
    with pytest.raises(InputError, match="evidence: 3 epochs"):
        short_night.having(evidence=measure_night(other_night.prepared)).write(tmp_path)
    for epoch in (0, 81, "1", None):
        with pytest.raises(InputError, match="from 1 to 80"):
            short_night.having(rationales=({"epoch": epoch},)).write(tmp_path)


def test_without_a_start_time_the_axis_shows_elapsed_time(tmp_path: Path, eeg: np.ndarray) -> None:
    known = Recording.from_arrays({"C4-M1": (eeg, 100.0)}, start=datetime(2020, 1, 1, 23, 50))
    unknown = Recording.from_arrays({"C4-M1": (eeg, 100.0)})
    clock = staged(known, random_probabilities(40)).write(tmp_path / "a").read_text(encoding="utf-8")
    elapsed = staged(unknown, random_probabilities(40)).write(tmp_path / "b").read_text(encoding="utf-8")
    assert ">00:00</text>" in clock
    assert ">0:10</text>" in elapsed
    assert "clock time unknown" in elapsed


def test_a_gap_is_hatched_and_said(tmp_path: Path, eeg: np.ndarray) -> None:
    eeg[3000 * 10 : 3000 * 20] = np.nan
    page = staged(Recording.from_arrays({"C4-M1": (eeg, 100.0)}), random_probabilities(40)).write(tmp_path)
    text = page.read_text(encoding="utf-8")
    assert '<rect class="unscored" x="25.0%" width="25.0%"' in text
    meta = unpacked(page, "meta")
    assert meta["stages"][10:20] == ["?"] * 10
    assert meta["panels"][0]["shown"] == [0] * 10 + [-1] * 10 + [0] * 20


@pytest.mark.parametrize("has_probabilities", [True, False])
def test_a_night_of_three_epochs_can_be_reported(tmp_path: Path, eeg: np.ndarray, has_probabilities: bool) -> None:
    recording = Recording.from_arrays({"C4-M1": (eeg[:9000], 100.0)})
    shares = random_probabilities(3) if has_probabilities else None
    page = staged(recording, shares, np.array([0, 1, 2])).write(tmp_path, measured=True)
    assert ("Stage probabilities" in page.read_text(encoding="utf-8")) is has_probabilities


def test_a_night_without_any_scored_epoch_can_be_reported(tmp_path: Path, eeg: np.ndarray) -> None:
    eeg[500:600] = np.nan  # a gap in the first epoch, and the second is incomplete
    recording = Recording.from_arrays({"C4-M1": (eeg[:4000], 100.0)})
    page = staged(recording, random_probabilities(2)).write(tmp_path)
    assert "Spectrogram of" not in page.read_text(encoding="utf-8")


def test_writing_the_page_reads_nothing_of_the_recording(
    tmp_path: Path, eeg: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    import eegvlm.signals.channel as reading

    reported = staged(Recording.from_arrays({"C4-M1": (eeg, 100.0)}), random_probabilities(40))

    def refuse(*_: object) -> np.ndarray:
        raise AssertionError("the recording was read again")

    monkeypatch.setattr(reading, "read_window", refuse)
    reported.write(tmp_path, measured=True)


@pytest.mark.slow
def test_ten_hours_with_all_eeg_leads_weigh_less_than_3_mb(long_night: Reported, tmp_path: Path) -> None:
    page = long_night.write(tmp_path, measured=True)
    assert page.stat().st_size < 3_000_000
    panels = unpacked(page, "meta")["panels"]
    assert [panel["name"] for panel in panels if panel.get("lead")] == ["F4-M1", "O2-M1"]
    assert max(panel["error"] for panel in panels if panel["modality"] == "eeg") < 7.5


def test_ten_hours_with_four_panels_weigh_less_than_3_mb(long_night: Reported, tmp_path: Path) -> None:
    page = long_night.having(leads=None).write(tmp_path, measured=True)
    assert page.stat().st_size < 3_000_000
    errors = [panel["error"] for panel in unpacked(page, "meta")["panels"] if panel.get("error") is not None]
    assert len(errors) == 3
    assert max(errors) < 8  # microvolt: half a pixel of what the model saw of the eyes


@pytest.mark.real_data
def test_the_real_sleep_edf_excerpt_is_reported_without_its_one_value_a_second_muscle(
    real_data: Path, tmp_path: Path
) -> None:
    recording = read_recording(next((real_data / "sleep_edf").glob("*first300s.edf")))
    page = staged(recording, random_probabilities(10)).write(tmp_path, measured=True)
    panels = {panel["name"]: panel for panel in unpacked(page, "meta")["panels"]}
    assert panels["EEG"]["channel"] is not None
    assert panels["EEG"]["error"] < 3
    assert panels["EMG"]["channel"] is None
    assert "1989-04-24" in page.read_text(encoding="utf-8")


def test_importing_the_room_imports_neither_jinja_nor_scipy_nor_torch() -> None:
    import subprocess
    import sys

    code = "import sys, eegvlm.report; print(sorted({'jinja2', 'scipy', 'torch', 'numpy'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
