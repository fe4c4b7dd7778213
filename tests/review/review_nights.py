"""Nights to review: a simulated recording, and results that no model had to compute."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from starlette.testclient import TestClient

from eegvlm.hypnogram import Hypnogram
from eegvlm.images import PreparedNight, load_layout
from eegvlm.lab.simulation import simulate_night
from eegvlm.review.app import make_app
from eegvlm.review.guard import Guard
from eegvlm.review.work_list import ReviewList
from eegvlm.signals import read_recording
from eegvlm.staging import StagedNight

PORT = 8123
TOKEN = "token-of-the-tests"
ADDRESS = f"http://127.0.0.1:{PORT}"
PROVENANCE = {
    "software": "eeg-vlm 0.0",
    "model": "made-up",
    "weights_sha256": "0" * 64,
    "layout": "nano",
    "notice": "Research use; verify by a trained scorer.",
}


def write_night(folder: Path, *, name: str = "night", hours: float = 0.5, seed: int = 4, **fields: Any) -> Path:
    """Write a recording and its results, as ``eegvlm stage`` leaves them; return the folder of results."""
    folder.mkdir(parents=True, exist_ok=True)
    simulated = simulate_night(hours=hours, seed=seed)
    file = folder / f"{name}.edf"
    simulated.write(file)
    recording = read_recording(file)
    stages = np.maximum(simulated.hypnogram().stages, 0)
    blurred = np.eye(5)[stages] * 3 + np.random.default_rng(seed).gumbel(0, 0.7, (len(stages), 5))
    shares = (np.exp(blurred) / np.exp(blurred).sum(axis=1, keepdims=True)).astype(np.float32)
    hypnogram = Hypnogram(shares.argmax(axis=1).astype(np.int8), start=recording.start, probabilities=shares)
    night = StagedNight(
        hypnogram=hypnogram,
        recording=recording.describe(),
        prepared=PreparedNight.read(recording, load_layout("nano")),
        provenance=PROVENANCE,
        timing={},
        **fields,
    )
    night.write(folder / name)
    return folder / name


@dataclass
class Page:
    """A window of the page, without a browser: a client that has the cookie, and the scoring as it last saw it."""

    client: TestClient
    name: str = "main"
    who: str = "AB"
    number: int = 0
    revision: int = 0

    @classmethod
    def of(cls, folders: list[Path], scoring: Path | None = None, **fields: Any) -> Page:
        client = client_of(folders, scoring)
        client.get("/", params={"token": TOKEN})
        return cls(client, **fields)

    def get(self, path: str, **parameters: Any) -> Any:
        answer = self.client.get(f"/api/nights/{self.number}{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def begin(self, basis: str = "model", *, blind: bool = False, of: tuple[str, ...] = ()) -> dict[str, Any]:
        body = {"name": self.name, "who": self.who, "basis": basis, "blind": blind, "of": list(of)}
        return self._take(self.client.post(f"/api/nights/{self.number}/scorings", json=body))

    def show(self) -> dict[str, Any]:
        return self._take(self.client.get(self._path()))

    def post(self, action: str, **fields: Any) -> Any:
        """Return the answer itself."""
        return self.client.post(f"{self._path()}/{action}", json={"who": self.who, "revision": self.revision, **fields})

    def do(self, action: str, **fields: Any) -> dict[str, Any]:
        return self._take(self.post(action, **fields))

    def edit(self, what: str, **fields: Any) -> dict[str, Any]:
        return self.do("edits", edit={"what": what, **fields})

    def score(self, stage: str, *epochs: int) -> dict[str, Any]:
        return self.edit("stage", stage=stage, epochs=list(epochs))

    def see(self, *epochs: int) -> dict[str, Any]:
        return self._take(self.client.post(f"{self._path()}/seen", json={"who": self.who, "epochs": list(epochs)}))

    def sign(self, statement: str = "I have reviewed this scoring.") -> dict[str, Any]:
        return self.do("sign", statement=statement)

    def error(self, action: str, **fields: Any) -> tuple[int, str]:
        """Return the status and the sentence of a request that is refused."""
        answer = self.post(action, **fields)
        return answer.status_code, answer.json()["error"]

    def _path(self) -> str:
        return f"/api/nights/{self.number}/scorings/{self.name}"

    def _take(self, answer: Any) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        self.revision = state["revision"]
        return state


def client_of(folders: list[Path], scoring: Path | None = None, closed: list[bool] | None = None) -> TestClient:
    """Return a client of the guarded application that has not shown its token yet."""
    told = [] if closed is None else closed
    app = make_app(ReviewList(folders, scoring), lambda: told.append(True))
    guard = Guard(app, token=TOKEN, port=PORT)
    return TestClient(guard, base_url=ADDRESS, headers={"origin": ADDRESS}, raise_server_exceptions=True)
