// Draws a page of signal: grid, rows, quality, events, marks, the selection.

const MARK_COLOURS = { arousal: '#c2410c', spindle: '#0b7a5b', k_complex: '#7c3aed', artefact: '#b91c1c', text: '#475569' };

export function fit(canvas) {
  const scale = window.devicePixelRatio || 1;
  const box = canvas.getBoundingClientRect();
  const [width, height] = [Math.max(1, Math.round(box.width)), Math.max(1, Math.round(box.height))];
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const pen = canvas.getContext('2d');
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

const resolved = new Map();
function themed(name) { // light-dark() has to be resolved by an element
  const key = name + matchMedia('(prefers-color-scheme: dark)').matches;
  if (!resolved.has(key)) {
    const probe = document.createElement('i');
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    resolved.set(key, getComputedStyle(probe).color);
    probe.remove();
  }
  return resolved.get(key);
}
export const ink = themed;

export const LEFT = 96; // pixels for the names of rows

export function timeAt(view, x, width) {
  return view.start + (Math.min(Math.max(x, LEFT), width) - LEFT) / (width - LEFT) * view.seconds;
}

export function drawTraces(canvas, view) {
  const { pen, width, height } = fit(canvas);
  const x = (seconds) => LEFT + (seconds - view.start) / view.seconds * (width - LEFT);
  drawGrid(pen, view, x, height);
  const rows = view.rows;
  if (!rows.length) return;
  const step = height / rows.length;
  for (const [place, row] of rows.entries()) {
    const middle = step * (place + 0.5);
    const trace = view.traces.find((one) => one.name === row.name);
    drawQuality(pen, view, row, x, step * place, step);
    pen.fillStyle = themed('--ink');
    pen.font = '12px system-ui, sans-serif';
    pen.fillText(row.name, 4, middle - 2, LEFT - 8);
    pen.fillStyle = themed('--quiet');
    pen.font = '10px system-ui, sans-serif';
    const unit = trace ? trace.unit : 'µV';
    pen.fillText(`${(row.sensitivity * view.gain).toPrecision(3)} ${unit}/10px${row.negative_up ? ' −↑' : ' +↑'}`, 4, middle + 10, LEFT - 8);
    const perUnit = 10 / (row.sensitivity * view.gain) * (row.negative_up ? 1 : -1);
    drawReference(pen, row, unit, middle, Math.abs(perUnit), step, width);
    if (trace) drawRow(pen, trace, row, x, middle, perUnit, step);
    drawEvents(pen, view, row, x, middle, step);
  }
  drawMarks(pen, view, x, height);
  if (view.selection) {
    pen.fillStyle = 'rgba(80, 140, 220, 0.25)';
    const [from, to] = view.selection;
    pen.fillRect(x(from), 0, x(to) - x(from), height);
  }
}

function drawGrid(pen, view, x, height) {
  if (view.seconds > 120) return;
  const step = view.seconds <= 30 ? 0.5 : 1;
  for (let at = Math.ceil(view.start / step) * step; at <= view.start + view.seconds; at += step) {
    pen.strokeStyle = themed('--line');
    pen.lineWidth = at % 30 === 0 ? 2.5 : at % 1 === 0 ? 1 : 0.4;
    pen.beginPath();
    pen.moveTo(x(at), 0);
    pen.lineTo(x(at), height);
    pen.stroke();
  }
}

function drawReference(pen, row, unit, middle, perUnit, step, width) { // 75 µV from line to line
  const half = 37.5 * perUnit;
  if (unit !== 'µV' || half > step / 2 || half < 3) return;
  pen.strokeStyle = themed('--line');
  pen.setLineDash([3, 4]);
  pen.beginPath();
  for (const y of [middle - half, middle + half]) { pen.moveTo(LEFT, y); pen.lineTo(width, y); }
  pen.stroke();
  pen.setLineDash([]);
}

function drawRow(pen, trace, row, x, middle, perUnit, step) {
  const { values, columns, count, first_s: first, step_s: per } = trace;
  pen.strokeStyle = row.colour || themed('--ink');
  pen.lineWidth = 1;
  pen.save();
  pen.beginPath();
  pen.rect(LEFT, middle - step, 1e5, 2 * step);
  pen.clip();
  pen.beginPath();
  let down = false;
  for (let k = 0; k < count; k++) {
    const low = values[k * columns];
    if (Number.isNaN(low)) { down = false; continue; }
    const at = x(first + k * per);
    if (down) pen.lineTo(at, middle + low * perUnit); else pen.moveTo(at, middle + low * perUnit);
    if (columns === 2) pen.lineTo(at, middle + values[k * 2 + 1] * perUnit);
    down = true;
  }
  pen.stroke();
  pen.restore();
}

function drawQuality(pen, view, row, x, top, step) {
  for (const one of view.quality) {
    if (one.channel !== row.name) continue;
    const from = Math.max(view.start, 30 * (one.first_epoch - 1));
    const to = Math.min(view.start + view.seconds, 30 * one.last_epoch);
    if (from >= to) continue;
    pen.strokeStyle = one.level === 'unusable' ? themed('--alarm') : themed('--quiet');
    pen.lineWidth = 0.5;
    pen.save();
    pen.beginPath();
    pen.rect(x(from), top + 1, x(to) - x(from), step - 2);
    pen.clip();
    pen.beginPath();
    for (let at = x(from) - step; at < x(to); at += 9) { pen.moveTo(at, top + step); pen.lineTo(at + step, top); }
    pen.stroke();
    pen.restore();
  }
}

function drawEvents(pen, view, row, x, middle, step) {
  pen.strokeStyle = themed('--accent');
  pen.lineWidth = 1;
  pen.font = '10px system-ui, sans-serif';
  pen.fillStyle = themed('--accent');
  for (const one of view.events) {
    if (one.channel !== row.name || one.stop <= view.start || one.start >= view.start + view.seconds) continue;
    pen.strokeRect(x(one.start), middle - step * 0.4, Math.max(2, x(one.stop) - x(one.start)), step * 0.8);
    if (view.seconds <= 30) pen.fillText(one.kind, x(one.start) + 2, middle - step * 0.4 + 9);
  }
}

function drawMarks(pen, view, x, height) {
  for (const mark of view.marks) {
    if (mark.stop_s < view.start || mark.start_s > view.start + view.seconds) continue;
    pen.fillStyle = MARK_COLOURS[mark.kind];
    pen.globalAlpha = 0.18;
    pen.fillRect(x(mark.start_s), 0, Math.max(2, x(mark.stop_s) - x(mark.start_s)), height);
    pen.globalAlpha = 1;
    pen.font = '11px system-ui, sans-serif';
    pen.fillText(mark.text || mark.kind.replace('_', '-'), x(mark.start_s) + 2, height - 4);
  }
}

// Duration, amplitude and frequency of what lies between two times in one row.
export function measure(trace, from, to) {
  let [low, high, crossings, last] = [Infinity, -Infinity, 0, 0];
  const inside = [];
  for (let k = 0; k < trace.count; k++) {
    const at = trace.first_s + k * trace.step_s;
    if (at < from || at > to) continue;
    for (let c = 0; c < trace.columns; c++) {
      const value = trace.values[k * trace.columns + c];
      if (Number.isNaN(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    inside.push(trace.values[k * trace.columns]);
  }
  if (high < low) return null;
  const mean = (low + high) / 2;
  for (const value of inside) {
    const sign = Math.sign(value - mean);
    if (sign && last && sign !== last) crossings += 1;
    if (sign) last = sign;
  }
  return { seconds: to - from, amplitude: high - low, hz: trace.columns === 1 ? crossings / 2 / (to - from) : null };
}
