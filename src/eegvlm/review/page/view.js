// Draws the page from what is known.

import { at, count, epochAtSecond, isIncomplete, length, listed, page, shown } from './state.js';
import { drawNavigator } from './navigator.js';
import { AXIS, drawSignals, drawingScale } from './drawing.js';
import { chosenMark, drawnMarks, kindWords } from './marks.js';
import { isLost } from './connection.js';
import { drawEpochs, shadeEpochs } from './epoch_strip.js';
import { edit } from './changes.js';
import { showComparison } from './comparison.js';
import { go } from './moving.js';
import { measure } from './ruler.js';
import { tell } from './spoken.js';
import { isCommentNew, showComments, showLights, showMarks } from './noted.js';
import { progressWords, showProgress, showSignature, showStatistics, showWhy } from './panels.js';

const LEAST_LANE = 24; // pixels of a row; more rows than fit are scrolled
const TALLEST = 16000; // what a canvas can hold

let frame = 0;

export function draw() {
  const { state, results } = page;
  if (!state) return;
  if (!frame) frame = requestAnimationFrame(paint);
  at('ruler').textContent = rulerWords();
  const stage = state.stages[page.epoch - 1];
  at('where').textContent = `epoch ${page.epoch}${page.last > page.epoch ? `–${page.last}` : ''} of ${count()}, ${clock(30 * (page.epoch - 1))}${isIncomplete(page.epoch) ? ', incomplete' : ''}`;
  at('stage').textContent = page.last > page.epoch ? stagesOf(state.stages.slice(page.epoch - 1, page.last)) : stage;
  at('undo').disabled = !state.can_undo;
  at('redo').disabled = !state.can_redo;
  at('finish').hidden = !state.hidden;
  for (const id of ['sign', 'statement', 'lights-off', 'lights-on', 'comment']) at(id).disabled = Boolean(state.signature);
  for (const id of ['reopen', 'reason']) at(id).disabled = !state.signature;
  if (document.activeElement !== at('comment') && !(isLost() && isCommentNew())) {
    at('comment').value = state.comments[page.epoch] ?? '';
    at('comment').dataset.epoch = page.epoch; // who leaves the field by a click elsewhere commented on this epoch, not on that one
  }
  at('why').hidden = !results; // not staged, or blind
  showWhy(page.epoch, results, page.details, stage, page.rules);
  showProgress(state.progress, count());
  at('review-progress').textContent = progressWords(state.progress);
  showStatistics(state.statistics);
  showMarks(state, page, { clock, go: (mark) => { page.mark = mark.id; go(epochAtSecond(mark.start_s)); }, remove: (id) => edit('unmark', { id }) });
  showComments(state, { clock, go });
  showLights(state, { clock, clear: () => edit('lights', { off_s: null, on_s: null }) });
  showSignature(state, { count: count(), night: page.night });
  showComparison();
  tell(facts());
  document.documentElement.dataset.epoch = page.epoch;
  document.documentElement.dataset.revision = state.revision;
}

// Once a frame, however often something changed since the last one: 40 rows on a wide screen take longer than a key press.
function paint() {
  frame = 0;
  const { state, results } = page;
  if (!state) return;
  fitRows();
  const checked = [...new Set([...state.seen, ...state.scored])];
  drawNavigator(at('navigator'), {
    stages: state.stages, from: page.epoch, to: page.last, checked, lights: state.lights, probabilities: results?.probabilities,
    columns: results?.columns, listed: listed(), differing: page.compared?.differing ?? [], clock,
  });
  const view = {
    start: page.start, seconds: length(), rows: drawnRows(), gain: page.gain, marks: drawnMarks(),
    quality: results?.quality?.stretches ?? [], events: eventsOnPage(), selection: page.selection, axis: true, clock,
  };
  if (isNew(view)) {
    drawSignals(at('traces'), view);
    shadeEpochs(at('traces'));
  }
  drawEpochs(at('epochs'), clock);
}

// Whether the signals look different from those on the screen: most edits change nothing about them.
let painted = { words: '', traces: null };
function isNew(view) {
  const { clientWidth, clientHeight } = at('traces');
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
  const rows = view.rows.map(({ trace, ...row }) => row);
  const words = JSON.stringify([{ ...view, rows }, page.epoch, page.last, clientWidth, clientHeight, drawingScale(), window.devicePixelRatio, isDark]);
  if (words === painted.words && page.traces === painted.traces) return false;
  painted = { words, traces: page.traces };
  return true;
}

function fitRows() {
  const [frame, canvas] = [at('rows'), at('traces')];
  const least = Math.min(TALLEST, (LEAST_LANE * shown().length + AXIS) * drawingScale());
  const height = least > frame.clientHeight ? `${least}px` : '';
  if (canvas.style.height !== height) canvas.style.height = height;
  at('views').style.setProperty('--gutter', `${frame.offsetWidth - frame.clientWidth}px`); // of the bar that scrolls
}

function drawnRows() {
  return shown().map((row) => {
    const trace = page.traces.find((one) => one.name === row.name);
    return { ...row, unit: trace?.unit ?? 'µV', trace, note: filterWords(row), isChosen: row.name === page.row };
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
  const marked = page.dragged ?? chosenMark();
  if (marked && !page.selection) return `${kindWords(chosenMark()?.kind ?? 'mark')}: ${(marked.stop_s - marked.start_s).toFixed(1)} s, from ${clock(marked.start_s)}`;
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

// "N2" of several epochs alike, "N1, N2 …" otherwise.
function stagesOf(stages) {
  const kinds = [...new Set(stages)];
  return kinds.slice(0, 2).join(', ') + (kinds.length > 2 ? ' …' : '');
}
