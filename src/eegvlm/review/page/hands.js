// What the scorer's keys and pointer do.

import { STAGES, listen } from './keys.js';
import { at, count, length, listed, page, say, shown } from './state.js';
import { change, edit } from './changes.js';
import { AXIS, drawingScale } from './drawing.js';
import { draw } from './view.js';
import { epochAt, xOfTime } from './navigator.js';
import { go, jump, resize, turn } from './moving.js';
import { load } from './signal_pages.js';
import { timeAt } from './ruler.js';

function unseenListed() {
  const checked = new Set([...page.state.seen, ...page.state.scored]);
  const unseen = listed().filter((epoch) => !checked.has(epoch));
  return unseen.length ? unseen : listed();
}

const ACTIONS = {
  'next-epoch': (event) => (event.shiftKey ? go(page.last + 1, { select: true }) : go(page.last + 1)),
  'previous-epoch': () => go(page.epoch - 1),
  'next-page': () => turn(1),
  'previous-page': () => turn(-1),
  'first-epoch': () => go(1),
  'last-epoch': () => go(count()),
  'next-to-review': () => jump(unseenListed()),
  'previous-to-review': () => jump(listed(), -1),
  'next-flagged': () => jump((page.results?.review.flags ?? []).map((one) => one.epoch)),
  'next-differing': () => jump(page.compared?.differing ?? []),
  'next-of-this-stage': () => jump(page.state.stages.flatMap((one, k) => (one === page.state.stages[page.epoch - 1] ? [k + 1] : []))),
  larger: () => { page.gain /= 1.25; draw(); },
  smaller: () => { page.gain *= 1.25; draw(); },
  'longer-page': () => resize(1),
  'shorter-page': () => resize(-1),
  'model-channels': () => { page.modelOnly = !page.modelOnly; load(); },
  polarity: () => { for (const row of page.rows) row.negative_up = !row.negative_up; draw(); },
  'begin-selection': selectByKeys,
  undo: () => change('undo'),
  redo: () => change('redo'),
  'clear-selection': () => { page.selection = null; page.last = page.epoch; draw(); },
};

// A stretch for a mark or the ruler without a pointer: key b opens fields for its start, length and row.
function selectByKeys() {
  const [from, to] = page.selection ?? [page.start, page.start + 3];
  at('stretch-start').value = from.toFixed(1);
  at('stretch-length').value = (to - from).toFixed(1);
  at('stretch-row').replaceChildren(...shown().map((row) => new Option(row.name, row.name)));
  at('stretch').showModal();
}

export function select(from, to, rowName) {
  page.selection = [from, to];
  page.selectedRow = rowName;
  draw();
}

function score(stage) {
  const [from, to] = [page.epoch, page.last];
  edit('stage', { stage, epochs: Array.from({ length: to - from + 1 }, (_, k) => from + k) });
  if (to < count()) go(to + 1);
}

function mark(kind) {
  if (!page.selection) { say('Drag over the signals first: the mark is put where you dragged.'); return; }
  const text = kind === 'text' ? prompt('Text of the mark') ?? '' : '';
  const [start, stop] = page.selection;
  edit('mark', { kind, start_s: start, stop_s: stop, channel: page.selectedRow ?? null, text });
  page.selection = null;
  draw();
}

listen((name, event) => {
  if (!page.state) return;
  if (STAGES.includes(name)) score(name);
  else if (name.startsWith('mark-')) mark(name.slice(5));
  else ACTIONS[name]?.(event);
});

export function followTraces() {
  const canvas = at('traces');
  let from = null;
  let moved = null;
  const time = (event) => {
    const box = canvas.getBoundingClientRect();
    const scale = drawingScale();
    return timeAt({ start: page.start, seconds: length() }, (event.clientX - box.left) / scale, box.width / scale);
  };
  canvas.onpointerdown = (event) => {
    const seconds = time(event);
    moved = event.shiftKey ? page.state.marks.find((one) => one.start_s <= seconds && seconds <= one.stop_s) : null;
    from = seconds;
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = (event) => {
    if (from === null || moved) return;
    const box = canvas.getBoundingClientRect();
    const place = Math.floor((event.clientY - box.top) / (box.height - AXIS * drawingScale()) * shown().length);
    const row = shown()[Math.min(place, shown().length - 1)];
    select(Math.min(from, time(event)), Math.max(from, time(event)), row?.name);
  };
  canvas.onpointerup = (event) => {
    const by = time(event) - from;
    if (moved && Math.abs(by) > 0.01) {
      const { id, kind, channel, text } = moved;
      edit('mark', { id, kind, channel, text, start_s: Math.max(0, moved.start_s + by), stop_s: moved.stop_s + by });
    } else if (page.selection && page.selection[1] - page.selection[0] < 0.02) { page.selection = null; draw(); }
    from = moved = null;
  };
}

export function followNavigator() {
  const canvas = at('navigator');
  let dragged = null; // lights off or on
  canvas.onpointerdown = (event) => {
    const x = (event.clientX - canvas.getBoundingClientRect().left) / drawingScale();
    dragged = Object.entries(page.state.lights ?? {}).find(([, seconds]) => seconds !== null && Math.abs(xOfTime(canvas, seconds, count()) - x) < 5)?.[0] ?? null;
    if (!dragged) go(epochAt(canvas, x, count()), { select: event.shiftKey });
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointerup = (event) => {
    if (!dragged) return;
    const x = (event.clientX - canvas.getBoundingClientRect().left) / drawingScale();
    setLights(dragged, 30 * (epochAt(canvas, x, count()) - 1));
    dragged = null;
  };
}

export const setLights = (name, seconds) => edit('lights', { off_s: null, on_s: null, ...page.state.lights, [name]: seconds });
