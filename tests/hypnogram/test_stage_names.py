"""Names of stages that scoring software and scorers write; texts that are no names are refused or named."""

from __future__ import annotations

from datetime import date, time

import pytest
from edfio import Edf, EdfAnnotation, Recording
from eight_hours import EPOCHS, LABELS, RUNS

from eegvlm.hypnogram import HypnogramError, Stage, read_hypnogram
from eegvlm.hypnogram.stage import stage_of_spelling
from eegvlm.hypnogram.stage_map import parse_stage_map

NAMES = {
    "English": "Wake|Stage 1|Stage 2|Slow wave sleep|REM sleep",
    "German": "Wach|Schlafstadium N1|Stadium II|Tiefschlaf|REM-Schlaf",
    "French": "Éveil|Stade N1|Stade 2|Sommeil lent profond|Sommeil paradoxal",
    "Spanish": "Vigilia|Fase N1|Estadio 2|Sueño profundo|Sueño REM",
    "Italian": "Veglia|Stadio N1|Fase 2|Sonno profondo|Sonno REM",
    "Dutch": "Waak|Slaapstadium N1|Stadium 2|Diepe slaap|REM-slaap",
    "Portuguese": "Vigília|Estágio N1|Fase 2|Sono profundo|Sono REM",
    "Polish": "Czuwanie|Stadium N1|Faza 2|Głęboki sen|Sen REM",
    "Czech": "Bdění|Stadium N1|Fáze 2|Hluboký spánek|REM spánek",
    "SOMNOmedics": "Wach|N1|N2|N3|Rem",
    "Sleepware": "Wake|NonREM1|NonREM2|NonREM3|REM",
    "Natus": "Stage - W|Stage - N1|Stage - N2|Stage - N3|Stage - R",
    "Compumedics": "Wake|Stage 1|Stage 2|Stage 3|REM",
    "Nihon Kohden": "StageW|StageN1|StageN2|StageN3|StageR",
    "Noxturnal": "sleep-wake|sleep-n1|sleep-n2|sleep-n3|sleep-rem",
    "RemLogic": "SLEEP-S0|SLEEP-S1|SLEEP-S2|SLEEP-S4|SLEEP-REM",
    "Cadwell": "Awake|N1 Sleep|N2 Sleep|N3 Sleep|REM Sleep",
    "EDFbrowser": "Sleep stage W|Sleep stage N1|Sleep stage N2|Sleep stage N3|Sleep stage R",
    "with channels": "Sleep stage W@@EEG C4-A1|Sleep stage 1@@EEG C4-A1|Sleep stage 2@@|Sleep stage 3/4@@C3"
    "|Sleep stage R@@",
    "NSRR": "Wake|Stage 1 sleep|Stage 2 sleep|Stage 4 sleep|REM sleep",
    "SDO": "SDO:WakeState|SDO:NonRapidEyeMovementSleep-N1|SDO:NonRapidEyeMovementSleep-N2"
    "|SDO:NonRapidEyeMovementSleep-N3|SDO:RapidEyeMovementSleep",
}
LIGHT_AND_DEEP = {"W": "Wake", "N1": "Light", "N2": "Light", "N3": "Deep", "R": "REM"}


def edf(folder, *annotations):
    path = folder / "scoring.edf"
    notes = [EdfAnnotation(onset, duration, text) for onset, duration, text in annotations]
    recording = Recording(startdate=date(2024, 10, 26))
    Edf([], recording=recording, starttime=time(22, 30), annotations=notes).write(path)
    return path


def stages(names=None):
    """Annotations of the night, one a stretch, by a map of names."""
    names = names or {stage: f"Sleep stage {stage}" for stage in ("W", "N1", "N2", "N3", "R")}
    return [(start, end - start, names[stage]) for start, end, stage in RUNS]


@pytest.mark.parametrize("source", NAMES)
def test_names_of_software_and_languages_are_known(tmp_path, source):
    texts = dict(zip(("W", "N1", "N2", "N3", "R"), NAMES[source].split("|"), strict=True))
    assert read_hypnogram(edf(tmp_path, *stages(texts))).labels == LABELS
    table = tmp_path / "lines.txt"
    table.write_text("\n".join(texts[label] for label in LABELS), "utf-8")
    assert read_hypnogram(table).labels == LABELS


@pytest.mark.parametrize("text", ["Stage - No Stage", "Not scored", "SLEEP-UNSCORED", "OUT_OF_BOUNDS", "Sleep stage ?"])
def test_names_of_unscored_epochs_are_known(text):
    assert stage_of_spelling(text) is Stage.UNSCORED


@pytest.mark.parametrize(
    "text",
    *[
        [
            *("1", "-1", "Stage -1", "Sleep", "NREM", "Sleep stages verified", "N2 spindle", "REM?", "N2!", "Light"),
            *("Arousal from N2", "Patient awake", "Wake up", "Stage change N2", "SP", "Sleep stage A", "de 2"),
        ]
    ],
)
def test_texts_that_merely_contain_a_name_or_a_number_are_no_names(text):
    assert stage_of_spelling(text) is None


def test_light_and_deep_sleep_are_refused_with_their_names_and_read_with_a_map(tmp_path):
    path = edf(tmp_path, *stages(LIGHT_AND_DEEP))
    with pytest.raises(HypnogramError, match=r"'Light' .*which epochs are N1.*--map \"Light=N2,Deep=N3\""):
        read_hypnogram(path)
    mapped = ["N2" if label == "N1" else label for label in LABELS]
    assert read_hypnogram(path, stage_map="Light=N2,Deep=N3").labels == mapped


@pytest.mark.parametrize("with_lengths", [True, False])
def test_a_text_that_fills_the_time_of_a_stage_is_refused_by_name(tmp_path, with_lengths):
    names = {"W": "Wake", "N1": "N1", "N2": "Zwei", "N3": "N3", "R": "REM"}
    rows = [(at, length if with_lengths else None, text) for at, length, text in stages(names)]
    with pytest.raises(HypnogramError, match=r"'Zwei' .*--map \"Zwei=STAGE\""):
        read_hypnogram(edf(tmp_path, *rows))
    assert read_hypnogram(edf(tmp_path, *stages(names)), stage_map="zwei=N2").labels == LABELS


def test_one_odd_epoch_is_unscored_and_named(tmp_path):
    rows = [(start, 30, f"Sleep stage {stage if start != 15000 else 'A'}") for start, _, stage in EPOCHS]
    hypnogram = read_hypnogram(edf(tmp_path, *rows))
    assert hypnogram.labels == [*LABELS[:500], "?", *LABELS[501:]]
    assert "unscored, for it is no known stage: 'Sleep stage A'" in hypnogram.notes


def test_comments_are_left_out_by_name_and_long_ones_only_counted(tmp_path):
    comments = [(5, 0, "Sleep stages verified"), (6, 0, "N2 spindle"), (9, 0, "Jane Doe asked for a glass of water")]
    hypnogram = read_hypnogram(edf(tmp_path, *stages(), *comments))
    assert hypnogram.labels == LABELS
    assert "3 other annotations are not sleep stages: 'Sleep stages verified', 'N2 spindle', 1 longer remark" in (
        hypnogram.notes
    )


def test_events_within_stages_are_no_stages_though_they_have_a_name_of_one(tmp_path):
    hypnogram = read_hypnogram(edf(tmp_path, *stages(), (100, 4, "REM"), (700, 12, "Arousal"), (6000, 20, "Movement")))
    assert hypnogram.labels == LABELS


def test_a_stage_that_goes_by_another_kind_of_name_is_read_where_it_fills_the_time(tmp_path):
    rows = [(at, length, text if text != "Sleep stage R" else "REM") for at, length, text in stages()]
    assert read_hypnogram(edf(tmp_path, *rows)).labels == LABELS


def test_the_old_names_of_nsrr_are_read_without_a_type(tmp_path):
    texts = dict(zip(("W", "N1", "N2", "N3", "R"), NAMES["SDO"].split("|"), strict=True))
    events = "".join(
        f"<ScoredEvent><EventConcept>{texts[stage]}</EventConcept><Start>{start}</Start>"
        f"<Duration>{end - start}</Duration></ScoredEvent>"
        for start, end, stage in RUNS
    )
    path = tmp_path / "old.xml"
    path.write_text(
        f"<PSGAnnotation><EpochLength>30</EpochLength><ScoredEvents>{events}</ScoredEvents></PSGAnnotation>"
    )
    assert read_hypnogram(path).labels == LABELS


def test_codes_may_be_mapped_one_by_one(tmp_path):
    path = tmp_path / "codes.txt"
    path.write_text("10\n11\n12\n")
    assert read_hypnogram(path, stage_map="10=W,11=N2,12=?").labels == ["W", "N2", "?"]


@pytest.mark.parametrize(("text", "words"), [("Light", "Light"), ("Light=N7", "Light=N7"), ("a=W,A=R", "mapped twice")])
def test_a_map_that_is_none_is_refused(text, words):
    with pytest.raises(HypnogramError, match=words):
        parse_stage_map(text)
