// What the scorer's keys and pointer do.

import { STAGES, listen } from './keys.js';
import { secondsOf } from './epoch_strip.js';
import { at, count, isScorable, length, listed, note, page, say, shown } from './state.js';
import { edit, redo, undo } from './changes.js';
import { AXIS, LEFT, drawingScale } from './drawing.js';
import { alter, askText, choose, chosenMark, deleteChosen, dragMark, dropMark, grip, markAt } from './marks.js';
import { chooseRow, rescale, stepRow } from './rows.js';
import { draw } from './view.js';
import { epochAt, xOfTime } from './navigator.js';
import { go, jump, resize, turn, zoom } from './moving.js';
import { load } from './signal_pages.js';
import { timeAt } from './ruler.js';

const CLICK = 3; // pixels that a hand moves while it clicks
const WHEEL_MS = 120;

function unseenListed() {
  const checked = new Set([...page.state.seen, ...page.state.scored]);
  return listed().filter((epoch) => !checked.has(epoch));
}

const epochsOf = (stage) => page.state.stages.flatMap((one, k) => (one === stage && isScorable(k + 1) ? [k + 1] : []));
const cutShort = (epoch) => `Epoch ${epoch} is incomplete, ${secondsOf(epoch)} of 30 s: it gets no stage and counts in no statistic.`;

const ACTIONS = {
  'next-epoch': (event) => (event.shiftKey ? go(page.head + 1, { select: true }) : go(page.last + 1)),
  'previous-epoch': (event) => (event.shiftKey ? go(page.head - 1, { select: true }) : go(page.epoch - 1)),
  'next-page': () => turn(1),
  'previous-page': () => turn(-1),
  'first-epoch': () => go(1),
  'last-epoch': () => go(count()),
  'next-to-review': () => jump(unseenListed(), { wraps: true, none: listed().length ? 'Every epoch that is listed for review was seen.' : 'No epoch is listed for review.' }),
  'previous-to-review': () => jump(listed(), { direction: -1, none: 'No epoch before this one is listed for review.' }),
  'next-flagged': () => jump((page.results?.review.flags ?? []).map((one) => one.epoch), { wraps: true, none: 'No other epoch is flagged.' }),
  'next-differing': () => jump(page.compared?.differing ?? [], { wraps: true, none: page.compared ? 'No other epoch differs.' : 'Choose a reading to compare with first.' }),
  'next-of-this-stage': () => jump(epochsOf(page.state.stages[page.epoch - 1]), { none: 'No later epoch has this stage.' }),
  'next-unscored': () => jump(epochsOf('?'), { wraps: true, none: 'No other epoch is unscored.' }),
  'go-to': () => { at('go-to-place').value = ''; at('go-to').showModal(); },
  comment: () => at('comment').focus(),
  zoom,
  'row-above': () => stepRow(-1),
  'row-below': () => stepRow(1),
  'delete-mark': deleteChosen,
  save: () => note('Every edit is kept as soon as it is made: there is nothing to save.'),
  larger: () => rescale(true),
  smaller: () => rescale(false),
  'longer-page': () => resize(1),
  'shorter-page': () => resize(-1),
  'model-channels': () => { page.modelOnly = !page.modelOnly; load(); },
  polarity: () => { for (const row of page.rows) row.negative_up = !row.negative_up; draw(); },
  'begin-selection': selectByKeys,
  undo,
  redo,
  'clear-selection': clear,
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
  const isCut = !isScorable(to);
  if (isCut && from === to) { note(cutShort(to)); return; }
  const kept = edit('stage', { stage, epochs: Array.from({ length: to - from + 1 }, (_, k) => from + k) });
  // a refused stage must not be passed over: back to where it was given
  kept.then((isKept) => { if (!isKept && page.epoch > from) { const reason = at('message').textContent; go(from); say(reason); } });
  if (to < count()) go(to + 1);
  else {
    go(to);
    note(isCut ? cutShort(to) : 'This is the last epoch.');
  }
}

function mark(kind) {
  if (!page.selection && page.mark) { changeKind(kind); return; }
  if (!page.selection) { note('Drag over the signals first: the mark is put where you dragged.'); return; }
  const [start, stop] = page.selection;
  const channel = page.selectedRow ?? null;
  const put = (text) => {
    edit('mark', { kind, start_s: start, stop_s: stop, channel, text });
    page.selection = null;
    draw();
  };
  if (kind === 'text') askText('', put); else put('');
}

function changeKind(kind) {
  const chosen = chosenMark();
  if (kind === 'text') askText(chosen.text, (text) => alter(chosen.id, { kind, text }));
  else alter(chosen.id, { kind });
}

// Escape takes one thing back at a time: what is selected, the chosen mark, the chosen row.
function clear() {
  if (page.selection || page.last > page.epoch) { page.selection = null; page.last = page.head = page.epoch; page.anchor = null; }
  else if (page.mark) page.mark = null;
  else page.row = null;
  say('');
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
  let from = null; // where the pointer was pressed: seconds, and pixels of the window
  let held = null; // the mark, and which part of it
  const time = (event) => {
    const box = canvas.getBoundingClientRect();
    const scale = drawingScale();
    return timeAt({ start: page.start, seconds: length() }, (event.clientX - box.left) / scale, box.width / scale);
  };
  const rowAt = (event) => {
    const box = canvas.getBoundingClientRect();
    const place = Math.floor((event.clientY - box.top) / (box.height - AXIS * drawingScale()) * shown().length);
    return shown()[Math.max(0, Math.min(place, shown().length - 1))];
  };
  const width = () => canvas.getBoundingClientRect().width / drawingScale();
  const isDrag = (event) => Math.abs(event.clientX - from.x) > CLICK;
  canvas.onpointerdown = (event) => {
    if (event.button !== 0 || !page.state) return;
    from = { seconds: time(event), x: event.clientX, isName: (event.clientX - canvas.getBoundingClientRect().left) / drawingScale() < LEFT };
    held = from.isName ? null : grip(from.seconds, width(), event.shiftKey);
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = (event) => {
    if (from === null) {
      const part = page.state && page.mark ? grip(time(event), width(), false)?.part : null;
      canvas.style.cursor = part === 'all' ? 'move' : part ? 'ew-resize' : '';
    } else if (held) {
      if (isDrag(event) || page.dragged) dragMark(held, time(event) - from.seconds);
    } else if (!from.isName && (isDrag(event) || page.selection)) {
      select(Math.min(from.seconds, time(event)), Math.max(from.seconds, time(event)), rowAt(event)?.name);
    }
  };
  canvas.onpointerup = (event) => {
    if (from === null) return;
    if (page.dragged) dropMark();
    else if (from.isName) chooseRow(page.row === rowAt(event)?.name ? null : rowAt(event)?.name);
    else if (!isDrag(event)) click(event, from.seconds);
    from = held = null;
  };
  canvas.onpointercancel = () => { from = held = page.dragged = null; draw(); };
  let turned = 0;
  canvas.onwheel = (event) => {
    const views = at('rows');
    if (!page.state || event.ctrlKey || views.scrollHeight > views.clientHeight + 1) return; // zoom of the browser; more rows than fit
    event.preventDefault();
    const now = performance.now();
    if (Math.abs(event.deltaY) < 4 || now - turned < WHEEL_MS) return; // one notch of the wheel is one page
    turned = now;
    turn(Math.sign(event.deltaY));
  };
}

// A click takes the mark under it; without one it goes to the epoch, with Shift it selects up to it.
function click(event, seconds) {
  const mark = event.shiftKey ? null : markAt(seconds);
  choose(mark && mark.id !== page.mark ? mark : null);
  const epoch = Math.min(count(), Math.floor(seconds / 30) + 1);
  if (!mark && (event.shiftKey || epoch < page.epoch || epoch > page.last)) go(epoch, { select: event.shiftKey });
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
