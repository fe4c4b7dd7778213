// Draws a stretch of signal on a canvas: grid, rows at their gain, scale keys, quality, events, marks, what is selected.
//
// The one source of this drawing: the page of eegvlm review loads it as a module, the report inlines it. A row shows
// `sensitivity` units per 10 pixels and says so, with its polarity; nothing is ever scaled to fit.
//
// view: start, seconds; rows; gain (1: as each row says); events {row, start, stop, tag, verdict, elsewhere}; marks
// {kind, start_s, stop_s, text, isChosen}; quality {channel, level, first_epoch, last_epoch}; selection [from, to]; axis (whether
// times are written below); clock (seconds to words, for the axis); left (pixels for names, 0: in the rows).
// row: name, note, sensitivity, negative_up, unit, modality, colour, missing (why there is no trace), isWarned, isChosen, weights
// (-100 to 100 of equal stretches of the view), trace {values, columns, count, first_s, step_s} with columns 1 (samples)
// or 2 (lowest and highest of each column).

const MARK_COLOURS = { arousal: '#c2410c', spindle: '#0b7a5b', k_complex: '#7c3aed', artefact: '#b91c1c', text: '#475569' };
const VERDICT_INK = { confirmed: '--good', contradicted: '--alarm', not_measurable: '--quiet' };
const VERDICT_DASH = { contradicted: [6, 3], not_measurable: [2, 3] };
const FONT = 'system-ui, sans-serif';

export const LEFT = 124; // pixels for the names of rows
export const RIGHT = 58; // pixels for their scale keys
export const AXIS = 18; // pixels for the times below
const AXIS_STEPS = [[14400, 3600], [3600, 1800], [600, 600], [120, 60], [60, 20], [30, 10], [10.5, 5], [5, 2], [0, 1]]; // longer than so many seconds: a label every so many

// How much larger than CSS pixels a page asks its canvases to be drawn (--drawing-scale): texts of 10 pixels cannot be
// read on a screen of 3840. A "pixel" of a gain is one of these.
export const drawingScale = () => Number(getComputedStyle(document.documentElement).getPropertyValue('--drawing-scale')) || 1;

// The pen of a canvas in those pixels, at the size that it has on the page or at one that is given.
export function fit(canvas, size) {
  const larger = size ? 1 : drawingScale();
  const scale = size?.scale ?? (window.devicePixelRatio || 1) * larger;
  const box = size ?? canvas.getBoundingClientRect();
  const [width, height] = [Math.max(1, Math.round(box.width / larger)), Math.max(1, Math.round(box.height / larger))];
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const pen = canvas.getContext('2d');
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

// A colour of the page's theme: a canvas takes no var(), and light-dark() has to be resolved by an element.
const resolved = new Map();
export function ink(canvas, name) {
  const key = name + matchMedia('(prefers-color-scheme: dark)').matches + Boolean(canvas.closest('.printed'));
  if (!resolved.has(key)) {
    canvas.style.color = `var(${name})`;
    resolved.set(key, getComputedStyle(canvas).color);
    canvas.style.color = '';
  }
  return resolved.get(key);
}

export const gainOf = (row, gain = 1) => row.sensitivity * gain;
export const gainWords = (row, gain = 1) =>
  `${Number(gainOf(row, gain).toPrecision(3))} ${row.unit ?? 'µV'}/10 px, ${row.negative_up ? 'neg. up' : 'pos. up'}`;

// A round number, at most `limit`.
export function roundBelow(limit) {
  const power = 10 ** Math.floor(Math.log10(limit));
  return [5, 2, 1].map((k) => k * power).find((value) => value <= limit) ?? power;
}

export const heightOf = (rows, lane, axis) => rows * lane + (axis ? AXIS : 0);

export function drawSignals(canvas, view, size) {
  const { pen, width, height } = fit(canvas, size);
  const left = view.left ?? LEFT;
  const right = width - RIGHT;
  const x = (seconds) => left + (seconds - view.start) / view.seconds * (right - left);
  const bottom = height - (view.axis ? AXIS : 0);
  const at = { pen, view, x, left, right, bottom, paint: (name) => ink(canvas, name) };
  drawGrid(at);
  if (!view.rows.length) return;
  const step = bottom / view.rows.length;
  for (const [place, row] of view.rows.entries()) {
    const lane = { top: step * place, middle: step * (place + 0.5), step };
    const perUnit = 10 / gainOf(row, view.gain) * (row.negative_up ? 1 : -1);
    drawWeights(at, row, lane);
    drawQuality(at, row, lane);
    drawReference(at, row, lane, Math.abs(perUnit));
    if (row.missing) drawMissing(at, row, lane);
    else if (row.trace) drawTrace(at, row, lane, perUnit);
    drawEvents(at, row, lane);
    drawName(at, row, lane);
    if (row.trace) drawScaleKey(at, row, lane, Math.abs(perUnit));
  }
  drawMarks(at);
  if (view.axis) drawAxis(at);
  if (view.selection) {
    pen.fillStyle = 'rgba(80, 140, 220, 0.25)';
    const [from, to] = view.selection;
    pen.fillRect(x(from), 0, x(to) - x(from), bottom);
  }
}

function drawGrid({ pen, view, x, bottom, paint }) {
  if (view.seconds > 120) return;
  const step = view.seconds <= 30 ? 0.5 : 1;
  pen.strokeStyle = paint('--line');
  for (let at = Math.ceil(view.start / step) * step; at <= view.start + view.seconds; at += step) {
    pen.lineWidth = at % 30 === 0 ? 2.5 : at % 1 === 0 ? 1 : 0.4;
    pen.beginPath();
    pen.moveTo(x(at), 0);
    pen.lineTo(x(at), bottom);
    pen.stroke();
  }
}

function drawReference({ pen, left, right, paint }, row, { middle, step }, perUnit) { // 75 µV from line to line
  const half = 37.5 * perUnit;
  if ((row.unit ?? 'µV') !== 'µV' || row.modality === 'emg' || half > step / 2 || half < 3) return;
  pen.strokeStyle = paint('--line');
  pen.lineWidth = 1;
  pen.setLineDash([3, 4]);
  pen.beginPath();
  for (const y of [middle - half, middle + half]) { pen.moveTo(left, y); pen.lineTo(right, y); }
  pen.stroke();
  pen.setLineDash([]);
}

// A row may reach half a row into its neighbours, as on paper.
function clipped({ pen, left, right }, top, height, draw) {
  pen.save();
  pen.beginPath();
  pen.rect(left, top, right - left, height);
  pen.clip();
  draw();
  pen.restore();
}

function drawTrace(at, row, { middle, step }, perUnit) {
  const { pen, x, paint } = at;
  const { values, columns, count, first_s: first, step_s: per } = row.trace;
  clipped(at, middle - step, 2 * step, () => {
    pen.strokeStyle = row.colour || paint('--ink');
    pen.lineWidth = columns === 2 ? 0.7 : 1;
    pen.beginPath();
    let isDown = false;
    for (let k = 0; k < count; k++) {
      const low = values[k * columns];
      if (Number.isNaN(low)) { isDown = false; continue; }
      const px = x(first + k * per);
      if (isDown) pen.lineTo(px, middle + low * perUnit); else pen.moveTo(px, middle + low * perUnit);
      if (columns === 2) pen.lineTo(px, middle + values[k * 2 + 1] * perUnit);
      isDown = true;
    }
    pen.stroke();
  });
}

// What the answer hangs on: equal stretches of the view's epoch, shaded by their weight.
function drawWeights({ pen, view, x, paint }, row, { top, step }) {
  const seconds = 30 / (row.weights?.length || 1);
  for (const [k, weight] of (row.weights ?? []).entries()) {
    const [from, to] = [Math.max(view.start, k * seconds), Math.min(view.start + view.seconds, (k + 1) * seconds)];
    if (!weight || from >= to) continue;
    pen.fillStyle = paint(weight > 0 ? '--for' : '--against');
    pen.globalAlpha = 0.65 * Math.abs(weight) / 100;
    pen.fillRect(x(from), top, x(to) - x(from), step);
    pen.globalAlpha = 1;
  }
}

function hatch(at, from, to, top, step, colour) {
  const { pen } = at;
  clipped(at, top + 1, step - 2, () => {
    pen.beginPath();
    pen.rect(from, top, to - from, step);
    pen.clip();
    pen.strokeStyle = colour;
    pen.lineWidth = 0.5;
    pen.beginPath();
    for (let px = from - step; px < to; px += 9) { pen.moveTo(px, top + step); pen.lineTo(px + step, top); }
    pen.stroke();
  });
}

function drawQuality(at, row, { top, step }) {
  const { view, x, paint } = at;
  for (const stretch of view.quality ?? []) {
    if (stretch.channel !== row.name) continue;
    const from = Math.max(view.start, 30 * (stretch.first_epoch - 1));
    const to = Math.min(view.start + view.seconds, 30 * stretch.last_epoch);
    if (from < to) hatch(at, x(from), x(to), top, step, paint(stretch.level === 'unusable' ? '--alarm' : '--quiet'));
  }
}

function drawMissing(at, row, { top, middle, step }) {
  const { pen, left, right, paint } = at;
  hatch(at, left, right, top, step, paint('--quiet'));
  pen.font = `italic 12px ${FONT}`;
  const words = pen.measureText(row.missing).width < right - left - 12 ? row.missing : row.missing.split(':')[0];
  halo(at, words, left + (right - left - pen.measureText(words).width) / 2, middle + 4, paint('--ink'));
}

// A text that stays readable over a trace.
function halo({ pen, paint }, text, x, y, colour) {
  pen.lineWidth = 3;
  pen.strokeStyle = paint('--paper');
  pen.lineJoin = 'round';
  pen.strokeText(text, x, y);
  pen.fillStyle = colour;
  pen.fillText(text, x, y);
}

function drawName(at, row, { top, middle, step }) {
  const { pen, view, left, paint } = at;
  const gain = gainWords(row, view.gain);
  const colour = row.isWarned ? paint('--alarm') : paint(row.isChosen ? '--accent' : '--ink');
  if (left < 50) { // no room beside the rows
    pen.font = `11px ${FONT}`;
    halo(at, row.trace ? `${row.name}, ${gain}` : row.name, 4, top + step - 5, colour);
    return;
  }
  const isThin = step < 28; // no second line without running into the next row's name
  pen.font = `${row.isChosen ? 'bold ' : ''}${Math.min(12, Math.max(8, step - 2))}px ${FONT}`;
  pen.fillStyle = colour;
  pen.fillText(row.name, 4, middle + (isThin ? 4 : -2), left - 8);
  if (isThin) return;
  pen.fillStyle = paint('--quiet');
  pen.font = `10px ${FONT}`;
  pen.fillText(row.trace || !row.missing ? gain : '', 4, middle + 11, left - 8);
  if (row.note && step >= 40) pen.fillText(row.note, 4, middle + 23, left - 8);
}

// 75 µV where that fits, a round number otherwise.
function drawScaleKey({ pen, right, paint }, row, { middle, step }, perUnit) {
  const isUsual = ['eeg', 'eog', undefined].includes(row.modality) && (row.unit ?? 'µV') === 'µV';
  const fits = 75 * perUnit <= step * 0.9 && 75 * perUnit >= 8;
  const size = isUsual && fits ? 75 : roundBelow(step * 0.6 / perUnit);
  const half = size * perUnit / 2;
  pen.fillStyle = paint('--ink');
  pen.fillRect(right + 6, middle - half, 2, 2 * half);
  pen.font = `10px ${FONT}`;
  const words = size >= 1000 && (row.unit ?? 'µV') === 'µV' ? `${size / 1000} mV` : `${size} ${row.unit ?? 'µV'}`;
  pen.fillText(words, right + 11, middle + 3, RIGHT - 13);
}

// A tag that would cover another one moves below it, and is left out where there is no room; its box stays.
function drawEvents(at, row, { top, step }) {
  const { pen, view, x, left, right, paint } = at;
  const taken = [];
  for (const event of view.events ?? []) {
    if (event.row !== row.name || event.stop < view.start || event.start >= view.start + view.seconds) continue;
    const colour = paint(VERDICT_INK[event.verdict] ?? '--accent');
    const from = Math.max(left, x(event.start));
    const width = Math.max(2, Math.min(right, x(event.stop)) - from);
    pen.fillStyle = pen.strokeStyle = colour;
    pen.lineWidth = 1.2;
    pen.globalAlpha = 0.07;
    pen.fillRect(from, top + step * 0.1, width, step * 0.8);
    pen.globalAlpha = 1;
    pen.setLineDash(event.elsewhere ? [3, 3] : VERDICT_DASH[event.verdict] ?? []);
    pen.strokeRect(from, top + step * 0.1, width, step * 0.8);
    pen.setLineDash([]);
    if (view.seconds > 30) continue;
    pen.font = `bold 10px ${FONT}`;
    const length = pen.measureText(event.tag).width;
    const beside = width < length ? width + 3 : 2; // a box that is narrower than its tag would cross it out
    const px = Math.max(left + 2, Math.min(from + beside, right - length - 2));
    const line = [0, 1, 2].find((lane) => !taken.some(([a, b, takenLane]) => takenLane === lane && px < b && px + length > a));
    if (line === undefined || line > 0 && step * 0.8 < 12 * (line + 1)) continue;
    taken.push([px, px + length + 4, line]);
    halo(at, event.tag, px, top + step * 0.1 + 10 + 11 * line, colour);
  }
}

function drawMarks(at) {
  const { pen, view, x, bottom, paint } = at;
  for (const mark of view.marks ?? []) {
    if (mark.stop_s < view.start || mark.start_s > view.start + view.seconds) continue;
    pen.fillStyle = MARK_COLOURS[mark.kind];
    const [from, to] = [Math.max(at.left, x(mark.start_s)), Math.min(at.right, Math.max(x(mark.stop_s), x(mark.start_s) + 2))];
    pen.globalAlpha = mark.isChosen ? 0.32 : 0.18;
    pen.fillRect(from, 0, to - from, bottom);
    pen.globalAlpha = 1;
    if (mark.isChosen) for (const edge of [from, to]) pen.fillRect(edge - 1, 0, 2, bottom);
    pen.font = `bold 11px ${FONT}`;
    halo(at, mark.text || mark.kind.replace('k_complex', 'K-complex'), Math.max(at.left, x(mark.start_s)) + 3, 12, paint('--ink'));
  }
}

function drawAxis({ pen, view, x, bottom, paint }) {
  pen.font = `11px ${FONT}`;
  pen.fillStyle = paint('--quiet');
  const every = AXIS_STEPS.find(([seconds]) => view.seconds > seconds)[1];
  for (let second = Math.ceil(view.start / every) * every; second <= view.start + view.seconds; second += every) {
    const words = view.clock ? view.clock(second) : `${second} s`;
    const width = pen.measureText(words).width;
    const shift = second === view.start ? 0 : second === view.start + view.seconds ? width : width / 2;
    pen.fillText(words, x(second) - shift, bottom + 13);
  }
}
