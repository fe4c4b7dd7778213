// The page's state, and what the scorer's hands do to it. Everything that is kept is kept by the server first.

import { describe as describeKeys, listen, settings, STAGES, useKeys } from './keys.js';
import { showMontage } from './montage.js';
import { drawSignals, LEFT, RIGHT } from './drawing.js';
import { drawNavigator, epochAt, xOfTime } from './navigator.js';
import { element, progressWords, showComparison, showMarks, showProgress, showSignature, showStatistics, showWhy } from './panels.js';
import { get, post, put, readPage } from './server.js';
import { measure, timeAt } from './ruler.js';

const at = (id) => document.getElementById(id);
const LENGTHS = [5, 10, 15, 20, 30, 60, 120, 300, Infinity];
const page = {
  night: 0, info: null, scoring: 'main', who: '', state: null, results: null, details: null, compared: null, statement: '',
  epoch: 1, last: 1, seconds: 30, start: 0, gain: 1, rows: [], traces: [], selection: null, modelOnly: false, queue: Promise.resolve(),
};

const count = () => page.info.n_epochs;
const base = () => `/api/nights/${page.night}/scorings/${encodeURIComponent(page.scoring)}`;
const say = (text) => { at('message').textContent = text; };
const length = () => Math.min(page.seconds, page.info.duration_s);
const shown = () => page.rows.filter((row) => (page.modelOnly ? isModels(row) : !row.hidden));
const isModels = (row) => Object.values(page.results?.panels ?? {}).includes(row.name);

// ---- what the server keeps

// Requests wait for each other, so that each carries the revision that the one before it made.
function queue(request, { clears = true } = {}) {
  const root = document.documentElement;
  root.dataset.pending = Number(root.dataset.pending ?? 0) + 1;
  page.queue = page.queue.then(async () => {
    try {
      take(await request());
      if (clears) say('');
    } catch (error) {
      say(error.message);
      if (error.status) take(await get(base()).catch(() => page.state));
    }
    root.dataset.pending = Number(root.dataset.pending) - 1;
  });
  return page.queue;
}

const change = (action, fields = {}) =>
  queue(() => post(`${base()}/${action}`, { who: page.who, revision: page.state.revision, ...fields }));
const edit = (what, fields) => change('edits', { edit: { what, ...fields } });

function see() {
  const epoch = page.epoch;
  if (page.state.signature || page.state.seen.includes(epoch)) return;
  queue(() => post(`${base()}/seen`, { who: page.who, epochs: [epoch] }), { clears: false });
}

function take(state) {
  page.state = state;
  draw();
}

// ---- drawing

function draw() {
  const { state, results } = page;
  if (!state) return;
  const checked = [...new Set([...state.seen, ...state.scored])];
  drawNavigator(at('navigator'), {
    stages: state.stages, from: page.epoch, to: page.last, checked, lights: state.lights, probabilities: results?.probabilities,
    columns: results?.columns, listed: results?.review.to_review ?? [], differing: page.compared?.differing ?? [],
  });
  drawSignals(at('traces'), {
    start: page.start, seconds: length(), rows: drawnRows(), gain: page.gain, marks: state.marks,
    quality: results?.quality?.stretches ?? [], events: eventsOnPage(), selection: page.selection,
  });
  const stage = state.stages[page.epoch - 1];
  at('where').textContent = `epoch ${page.epoch}${page.last > page.epoch ? `–${page.last}` : ''} of ${count()}  ${clock(30 * (page.epoch - 1))}`;
  at('stage').textContent = stage;
  at('undo').disabled = !state.can_undo;
  at('redo').disabled = !state.can_redo;
  at('finish').hidden = !state.hidden;
  for (const id of ['sign', 'lights-off', 'lights-on', 'comment']) at(id).disabled = Boolean(state.signature);
  at('reopen').disabled = !state.signature;
  if (document.activeElement !== at('comment')) at('comment').value = state.comments[page.epoch] ?? '';
  showWhy(page.epoch, results, page.details, stage);
  showProgress(state.progress, count());
  at('review-progress').textContent = progressWords(state.progress);
  showStatistics(state.statistics);
  showMarks(state.marks, (id) => edit('unmark', { id }));
  showSignature(state);
  showComparison(page.compared);
  document.documentElement.dataset.epoch = page.epoch;
  document.documentElement.dataset.revision = state.revision;
}

function drawnRows() {
  return shown().map((row) => {
    const trace = page.traces.find((one) => one.name === row.name);
    return { ...row, unit: trace?.unit ?? 'µV', trace };
  });
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

// The pages around the one that is shown are asked for in advance: a filter takes longer than a key press.
const MOST_PAGES = 5;
const pages = new Map();
function pageOf(request) {
  const key = JSON.stringify(request);
  if (!pages.has(key)) {
    const reading = readPage(page.night, request);
    pages.set(key, reading);
    reading.then((traces) => { if (traces.some((one) => one.complete < 1)) pages.delete(key); }, () => pages.delete(key));
    if (pages.size > MOST_PAGES) pages.delete(pages.keys().next().value);
  }
  return pages.get(key);
}

function readAhead(request) {
  const seconds = length();
  for (const start of [request.start_s + seconds, request.start_s - seconds]) {
    if (start >= 0 && start < page.info.duration_s) pageOf({ ...request, start_s: start, stop_s: start + seconds }).catch(() => null);
  }
}

let asked = 0;
async function load() {
  const request = { rows: shown(), start_s: page.start, stop_s: page.start + length(), width: Math.max(200, at('traces').clientWidth - LEFT - RIGHT) };
  const mine = ++asked;
  if (!request.rows.length) { page.traces = []; draw(); return; }
  try {
    const traces = await pageOf(request);
    if (mine !== asked) return;
    page.traces = traces;
    draw();
    const complete = Math.min(...traces.map((one) => one.complete));
    at('legend').textContent = complete < 1 ? `Reading the night: ${Math.floor(100 * complete)} %` : page.modelOnly ? 'The channels that the model drew (key m)' : '';
    document.documentElement.dataset.loaded = page.start;
    if (complete === 1) readAhead(request);
    else setTimeout(() => { if (mine === asked) load(); }, 500);
  } catch (error) {
    if (mine !== asked) return;
    page.traces = [];
    draw();
    say(error.message);
    if (error.status === 404) askWhere(error.message);
  }
}

// ---- moving

function go(epoch, { select = false } = {}) {
  const to = Math.min(count(), Math.max(1, epoch));
  if (select) page.last = Math.max(page.epoch, to);
  else page.epoch = page.last = to;
  page.selection = null;
  const from = 30 * (page.epoch - 1);
  const inside = from >= page.start && from + Math.min(30, length()) <= page.start + length();
  if (!inside || length() <= 30) page.start = Math.max(0, Math.min(length() <= 30 ? from : Math.floor(from / length()) * length(), page.info.duration_s - 1));
  at('ruler').textContent = '';
  history.replaceState(null, '', `#epoch=${page.epoch}`);
  draw();
  load();
  see();
}

function turn(direction) {
  const start = Math.min(Math.max(0, page.start + direction * length()), Math.max(0, page.info.duration_s - 1));
  page.start = length() >= 30 ? Math.floor(start / 30) * 30 : start;
  page.epoch = page.last = Math.min(count(), Math.floor(page.start / 30) + 1);
  page.selection = null;
  draw();
  load();
  see();
}

function jump(epochs, direction = 1) {
  const sorted = [...epochs].sort((a, b) => a - b);
  const next = direction > 0 ? sorted.find((one) => one > page.epoch) : sorted.reverse().find((one) => one < page.epoch);
  if (next) go(next); else say('There is no further one.');
}

function resize(step) {
  const place = Math.min(LENGTHS.length - 1, Math.max(0, LENGTHS.indexOf(page.seconds) + step));
  page.seconds = LENGTHS[place];
  at('page-length').value = String(page.seconds);
  page.start = page.seconds === Infinity ? 0 : Math.floor(30 * (page.epoch - 1) / Math.max(30, page.seconds)) * Math.max(30, page.seconds);
  load();
}

// ---- keys and pointer

function unseenListed() {
  const checked = new Set([...page.state.seen, ...page.state.scored]);
  const listed = page.results?.review.to_review ?? [];
  const left = listed.filter((one) => !checked.has(one));
  return left.length ? left : listed;
}

const ACTIONS = {
  'next-epoch': (event) => (event.shiftKey ? go(page.last + 1, { select: true }) : go(page.last + 1)),
  'previous-epoch': () => go(page.epoch - 1),
  'next-page': () => turn(1),
  'previous-page': () => turn(-1),
  'first-epoch': () => go(1),
  'last-epoch': () => go(count()),
  'next-to-review': () => jump(unseenListed()),
  'previous-to-review': () => jump(page.results?.review.to_review ?? [], -1),
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
  at('stretch-start').value = (page.selection?.[0] ?? page.start).toFixed(1);
  at('stretch-length').value = ((page.selection?.[1] ?? page.start + 3) - (page.selection?.[0] ?? page.start)).toFixed(1);
  at('stretch-row').replaceChildren(...shown().map((row) => new Option(row.name, row.name)));
  at('stretch').showModal();
}

function select(from, to, rowName) {
  page.selection = [from, to];
  page.selectedRow = rowName;
  const trace = page.traces.find((one) => one.name === rowName);
  const found = trace && measure(trace, from, to);
  at('ruler').textContent = found
    ? `${rowName}: ${found.seconds.toFixed(2)} s, ${found.amplitude.toFixed(1)} ${trace.unit} peak to peak${found.hz === null ? '' : `, ${found.hz.toFixed(1)} Hz`}`
    : '';
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
}

listen((name, event) => {
  if (!page.state) return;
  if (STAGES.includes(name)) score(name);
  else if (name.startsWith('mark-')) mark(name.slice(5));
  else ACTIONS[name]?.(event);
});

function followTraces() {
  const canvas = at('traces');
  let from = null;
  let moved = null;
  const time = (event) => {
    const box = canvas.getBoundingClientRect();
    return timeAt({ start: page.start, seconds: length() }, event.clientX - box.left, box.width);
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
    const row = shown()[Math.floor((event.clientY - box.top) / box.height * shown().length)];
    select(Math.min(from, time(event)), Math.max(from, time(event)), row?.name);
  };
  canvas.onpointerup = (event) => {
    const by = time(event) - from;
    if (moved && Math.abs(by) > 0.01) {
      const { id, kind, channel, text } = moved;
      edit('mark', { id, kind, channel, text, start_s: Math.max(0, moved.start_s + by), stop_s: moved.stop_s + by });
    } else if (page.selection && page.selection[1] - page.selection[0] < 0.02) page.selection = null;
    from = moved = null;
  };
}

function followNavigator() {
  const canvas = at('navigator');
  let held = null;
  canvas.onpointerdown = (event) => {
    const x = event.clientX - canvas.getBoundingClientRect().left;
    held = Object.entries(page.state.lights ?? {}).find(([, seconds]) => seconds !== null && Math.abs(xOfTime(canvas, seconds, count()) - x) < 5)?.[0] ?? null;
    if (!held) go(epochAt(canvas, x, count()), { select: event.shiftKey });
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointerup = (event) => {
    if (!held) return;
    const x = event.clientX - canvas.getBoundingClientRect().left;
    setLights(held, 30 * (epochAt(canvas, x, count()) - 1));
    held = null;
  };
}

const setLights = (name, seconds) => edit('lights', { off_s: null, on_s: null, ...page.state.lights, [name]: seconds });

// ---- opening

async function open(number) {
  page.night = number;
  pages.clear();
  page.info = await get(`/api/nights/${number}`);
  page.rows = page.info.montage;
  at('title').textContent = page.info.title;
  at('scorings').replaceChildren(...page.info.scorings.map((one) => new Option(`${one.name} (${one.who}, ${one.status})`, one.name)), new Option('new …', ''));
  if (page.info.recording_error) askWhere(page.info.recording_error);
  showMontage(page.rows, page.info.signals, load);
  askWho();
}

function askWho() {
  at('who').value = page.who || sessionStorage.getItem('eegvlm-who') || '';
  at('basis').replaceChildren(...page.info.bases.map((one) => new Option({ model: "the model's stages", file: "the file's stages", blank: 'no stages' }[one], one)));
  at('begin-error').textContent = '';
  at('begin').showModal();
}

async function start() {
  const [who, name] = [at('who').value.trim(), at('name').value];
  if (!who) { at('begin-error').textContent = 'Enter your name or initials.'; return; }
  sessionStorage.setItem('eegvlm-who', who);
  [page.who, page.scoring] = [who, name];
  try {
    if (page.info.scorings.some((one) => one.name === name)) page.state = await get(base());
    else page.state = await post(`/api/nights/${page.night}/scorings`, { name, who, basis: at('basis').value, blind: at('blind').checked });
  } catch (error) { at('begin-error').textContent = error.message; return; }
  at('begin').close();
  await showScoring();
}

async function showScoring() {
  [page.results, page.details, page.compared] = [null, null, null];
  if (!page.state.hidden) page.results = (await get(`${base()}/results`)).results;
  at('readings').replaceChildren(new Option('–', ''), ...page.state.readings.map((one) => new Option(one, one)));
  if (![...at('scorings').options].some((one) => one.value === page.scoring)) at('scorings').prepend(new Option(page.scoring, page.scoring));
  at('scorings').value = page.scoring;
  const wanted = /^#epoch=(\d+)$/.exec(location.hash);
  go(wanted ? Number(wanted[1]) : page.results?.review.to_review[0] ?? 1);
  if (page.state.signature && !page.state.outputs) queue(() => post(`${base()}/outputs`));
  if (page.results) readDetails(base());
  showSpectrogram();
}

async function readDetails(from) {
  try {
    const found = await get(`${from}/details`);
    if (from !== base()) return;
    if (!found.ready) { setTimeout(() => readDetails(from), 1000); return; }
    page.details = found.epochs;
    if (found.error) say(found.error);
    draw();
  } catch (error) { if (error.status !== 404) say(error.message); }
}

async function showSpectrogram() {
  const row = page.rows.find((one) => !one.hidden);
  if (!row || page.info.recording_error) return;
  const query = new URLSearchParams({ plus: row.plus, minus: row.minus.length === 1 ? row.minus[0] : '' });
  try {
    const drawn = await get(`/api/nights/${page.night}/spectrogram?${query}`);
    const picture = at('spectrogram');
    picture.hidden = !drawn.image;
    picture.src = drawn.image ? `data:image/png;base64,${drawn.image}` : 'data:,';
    picture.alt = `Spectrogram of ${row.name}, 0.5 to ${drawn.highest_hz} Hz, ${drawn.low_db?.toFixed(0)} to ${drawn.high_db?.toFixed(0)} dB`;
    picture.title = picture.alt;
  } catch (error) { say(error.message); }
}

function askWhere(error) {
  at('lost-error').textContent = error;
  if (!at('lost').open) at('lost').showModal();
}

async function showNights() {
  const { nights } = await get('/api/nights');
  at('work-list').querySelector('ul').replaceChildren(...nights.map((one) => {
    const item = element('li');
    const button = element('button', one.title, { type: 'button', disabled: Boolean(one.error) });
    button.onclick = () => { at('work-list').close(); history.replaceState(null, '', '#'); open(one.number).catch((error) => say(error.message)); };
    item.append(button, ` ${one.error ?? one.status}`);
    return item;
  }));
  at('work-list').showModal();
}

function takeKeys(chosen) {
  const unknown = useKeys(chosen);
  if (unknown.length) say(`Keys of a later version are not used: ${unknown.join(', ')}`);
  describeKeys(document.querySelector('#help dl'));
}

function bind() {
  at('page-length').append(...LENGTHS.map((one) => new Option(one === Infinity ? 'whole night' : `${one} s`, String(one), one === 30, one === 30)));
  at('page-length').onchange = () => { page.seconds = Number(at('page-length').value); resize(0); };
  at('undo').onclick = () => change('undo');
  at('redo').onclick = () => change('redo');
  at('start').onclick = start;
  at('begin').querySelector('form').onsubmit = (event) => { event.preventDefault(); start(); };
  at('nights').onclick = showNights;
  at('close').onclick = async () => {
    await page.queue;
    await post('/api/close').catch(() => null);
    document.body.replaceChildren(element('p', 'Closed. Everything is kept; this window can be closed.'));
  };
  at('comment').onchange = () => edit('comment', { epoch: page.epoch, text: at('comment').value });
  at('lights-off').onclick = () => setLights('off_s', 30 * (page.epoch - 1));
  at('lights-on').onclick = () => setLights('on_s', 30 * (page.epoch - 1));
  at('sign').onclick = () => change('sign', { statement: at('statement').value });
  at('reopen').onclick = () => change('reopen', { reason: at('reason').value });
  at('finish').onclick = () => change('finish').then(showScoring);
  at('scorings').onchange = () => { at('name').value = at('scorings').value || 'second'; askWho(); };
  at('readings').onchange = async () => {
    const name = at('readings').value;
    try { page.compared = name ? await get(`${base()}/compare/${encodeURIComponent(name)}`) : null; } catch (error) { say(error.message); }
    draw();
  };
  at('consensus').onclick = async () => {
    try {
      const { scorings } = await get(`/api/nights/${page.night}`);
      const of = scorings.filter((one) => !one.blind && one.name !== 'consensus').map((one) => one.name);
      page.state = await post(`/api/nights/${page.night}/scorings`, { name: 'consensus', who: page.who, basis: 'consensus', of });
      page.scoring = 'consensus';
      await showScoring();
    } catch (error) { say(error.message); }
  };
  at('point').onclick = async () => {
    try {
      page.info = await post(`/api/nights/${page.night}/recording`, { path: at('place').value });
      page.rows = page.info.montage;
      showMontage(page.rows, page.info.signals, load);
      at('lost').close();
      if (page.state) load();
    } catch (error) { at('lost-error').textContent = error.message; }
  };
  at('derive').onclick = () => {
    page.rows.push({ ...page.rows[0], name: `${at('plus').value}-${at('minus').value}`, plus: at('plus').value, minus: [at('minus').value], colour: '', hidden: false });
    showMontage(page.rows, page.info.signals, load);
    load();
  };
  at('save-montage').onclick = () => put(`/api/nights/${page.night}/montage`, { rows: page.rows }).then(() => say('The montage is kept.'), (error) => say(error.message));
  at('reset-montage').onclick = () => { page.rows = structuredClone(page.info.default_montage); showMontage(page.rows, page.info.signals, load); load(); };
  at('stretch').querySelector('form').onsubmit = () => {
    const from = Number(at('stretch-start').value);
    select(from, from + Math.max(0.1, Number(at('stretch-length').value)), at('stretch-row').value);
  };
  at('change-keys').onclick = () => settings(at('keys'), async (chosen) => {
    try {
      takeKeys((await put('/api/keys', { keys: chosen })).keys);
      at('keys').close();
    } catch (error) { at('keys-error').textContent = error.message; }
  });
  followTraces();
  followNavigator();
  new ResizeObserver(() => { if (page.state) { draw(); load(); } }).observe(at('traces'));
}

bind();
takeKeys({});
get('/api/keys').then(({ keys }) => takeKeys(keys), (error) => say(error.message));
get('/api/nights').then(({ nights, statement }) => {
  at('statement').value = statement;
  return nights.length === 1 ? open(0) : showNights();
}).catch((error) => say(error.message));
