// Draws the page from what is known.

import { at, count, length, listed, page, shown } from './state.js';
import { drawNavigator } from './navigator.js';
import { drawSignals } from './drawing.js';
import { edit } from './changes.js';
import { measure } from './ruler.js';
import { tell } from './spoken.js';
import { progressWords, showComparison, showMarks, showProgress, showSignature, showStatistics, showWhy } from './panels.js';

export function draw() {
  const { state, results } = page;
  if (!state) return;
  const checked = [...new Set([...state.seen, ...state.scored])];
  drawNavigator(at('navigator'), {
    stages: state.stages, from: page.epoch, to: page.last, checked, lights: state.lights, probabilities: results?.probabilities,
    columns: results?.columns, listed: listed(), differing: page.compared?.differing ?? [], clock,
  });
  drawSignals(at('traces'), {
    start: page.start, seconds: length(), rows: drawnRows(), gain: page.gain, marks: state.marks,
    quality: results?.quality?.stretches ?? [], events: eventsOnPage(), selection: page.selection, axis: true, clock,
  });
  at('ruler').textContent = rulerWords();
  const stage = state.stages[page.epoch - 1];
  at('where').textContent = `epoch ${page.epoch}${page.last > page.epoch ? `–${page.last}` : ''} of ${count()}  ${clock(30 * (page.epoch - 1))}`;
  at('stage').textContent = stage;
  at('undo').disabled = !state.can_undo;
  at('redo').disabled = !state.can_redo;
  at('finish').hidden = !state.hidden;
  for (const id of ['sign', 'lights-off', 'lights-on', 'comment']) at(id).disabled = Boolean(state.signature);
  at('reopen').disabled = !state.signature;
  if (document.activeElement !== at('comment')) at('comment').value = state.comments[page.epoch] ?? '';
  showWhy(page.epoch, results, page.details, stage, page.rules);
  showProgress(state.progress, count());
  at('review-progress').textContent = progressWords(state.progress);
  showStatistics(state.statistics);
  showMarks(state.marks, clock, (id) => edit('unmark', { id }));
  showSignature(state);
  showComparison(page.compared);
  tell(facts());
  document.documentElement.dataset.epoch = page.epoch;
  document.documentElement.dataset.revision = state.revision;
}

function drawnRows() {
  return shown().map((row) => {
    const trace = page.traces.find((one) => one.name === row.name);
    return { ...row, unit: trace?.unit ?? 'µV', trace, note: filterWords(row) };
  });
}

function filterWords({ low, high, notch }) {
  const band = low && high ? `${low}–${high} Hz` : low ? `above ${low} Hz` : high ? `below ${high} Hz` : 'no filter';
  return notch ? `${band}, notch ${notch}` : band;
}

// What is said of the epoch to those who do not see the canvas.
function facts() {
  const { epoch, state, results } = page;
  const [from, to] = [30 * (epoch - 1), 30 * epoch];
  const shares = results?.probabilities?.[epoch - 1];
  const inEpoch = (one) => one.start_s < to && one.stop_s > from;
  const ofModel = results?.stages[epoch - 1];
  return {
    epoch, count: count(), clock: clock(from), stage: state.stages[epoch - 1], selected: page.last - epoch + 1,
    model: shares ? { stage: ofModel, share: shares[results.columns.indexOf(ofModel)] } : null,
    seconds: page.seconds, rows: drawnRows(), gain: page.gain,
    events: (page.details?.[epoch - 1]?.found?.events ?? []).map(([tag, row]) => ({ tag, row })),
    marks: state.marks.filter(inEpoch),
    quality: (results?.quality?.stretches ?? []).filter((one) => one.first_epoch <= epoch && epoch <= one.last_epoch),
  };
}

// What is read off the selection; empty without one, and while its signals are on their way.
function rulerWords() {
  const trace = page.selection && page.traces.find((one) => one.name === page.selectedRow);
  const ruler = trace && measure(trace, ...page.selection);
  if (!ruler) return '';
  const frequency = ruler.hz === null ? '' : `, ${ruler.hz.toFixed(1)} Hz`;
  return `${trace.name}: ${ruler.seconds.toFixed(2)} s, ${ruler.amplitude.toFixed(1)} ${trace.unit} peak to peak${frequency}`;
}

function eventsOnPage() {
  const events = [];
  for (let k = Math.floor(page.start / 30); k < (page.start + length()) / 30 && length() <= 300; k++) {
    for (const [kind, channel, from, to] of page.details?.[k]?.found?.events ?? []) {
      events.push({ tag: kind, row: channel, start: 30 * k + from, stop: 30 * k + to });
    }
  }
  return events;
}

function clock(seconds) {
  if (!page.info.start) return `${(seconds / 60).toFixed(1)} min`;
  const time = new Date(`${page.info.start}Z`); // local time without a zone: no zone may move it
  time.setTime(time.getTime() + 1000 * seconds);
  return time.toISOString().slice(11, 19);
}
