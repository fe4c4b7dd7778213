// The night at a glance: hypnogram, the model's probabilities, what was seen and listed, lights, the page.

import { drawingScale, fit, ink, LEFT, RIGHT } from './drawing.js';

export const STAGES = ['W', 'R', 'N1', 'N2', 'N3'];
export const SHADES = { W: '--W', N1: '--N1', N2: '--N2', N3: '--N3', R: '--R', '?': '--quiet' };
const HOURS = [0.25, 0.5, 1, 2, 4]; // between two times below the hypnogram
const [HYPNOGRAM, DENSITY] = [74, 28];
const STRIPS_END = HYPNOGRAM + DENSITY + 22;

// The place of a share of the night on a canvas of some width, under the traces.
const placeOf = (share, width) => LEFT + share * (width - LEFT - RIGHT);

const widthOf = (canvas) => canvas.getBoundingClientRect().width / drawingScale();
export const epochAt = (canvas, x, count) => {
  const width = widthOf(canvas) - LEFT - RIGHT;
  return Math.min(count, Math.max(1, Math.floor((x - LEFT) / width * count) + 1));
};
export const xOfTime = (canvas, seconds, count) => placeOf(seconds / (30 * count), widthOf(canvas));

export function drawNavigator(canvas, view) {
  const { pen, width, height } = fit(canvas);
  const count = view.stages.length;
  const x = (epoch) => placeOf((epoch - 1) / count, width);
  const y = (label) => (label === '?' ? HYPNOGRAM - 5 : 8 + STAGES.indexOf(label) / 4 * (HYPNOGRAM - 26)); // unscored lies apart from N3
  const each = Math.max(1, (width - LEFT - RIGHT) / count);
  pen.font = '10px system-ui, sans-serif';
  pen.fillStyle = ink(pen.canvas, '--quiet');
  const rows = view.stages.includes('?') ? [...STAGES, '?'] : STAGES;
  for (const label of rows) pen.fillText(label, LEFT - 22, y(label) + 3);
  pen.fillStyle = 'rgba(80, 140, 220, 0.25)';
  pen.fillRect(x(view.from), 0, x(view.to + 1) - x(view.from), height);
  nameStrips(pen, view);
  drawTimes(pen, view, x);
  drawProbabilities(pen, view, x, each);
  let previous = null;
  for (let k = 0; k < count; k++) {
    const label = view.stages[k];
    pen.fillStyle = ink(pen.canvas, SHADES[label]);
    const at = x(k + 1);
    if (label === '?') { pen.fillRect(at, y(label) - 1, each, 2); previous = null; continue; }
    pen.fillRect(at, y(label) - 1.5, each, 3);
    if (previous && previous !== label) {
      pen.fillStyle = ink(pen.canvas, '--quiet');
      pen.fillRect(at, Math.min(y(previous), y(label)), 1, Math.abs(y(previous) - y(label)));
    }
    previous = label;
  }
  const strip = HYPNOGRAM + DENSITY + 4;
  pen.fillStyle = ink(pen.canvas, '--quiet');
  for (const epoch of view.checked) pen.fillRect(x(epoch), strip, each, 6);
  pen.fillStyle = ink(pen.canvas, '--accent');
  for (const epoch of view.listed) pen.fillRect(x(epoch), strip + 13, Math.max(1, each), 4);
  pen.fillStyle = ink(pen.canvas, '--alarm');
  for (const epoch of view.differing) pen.fillRect(x(epoch), 0, Math.max(1, each), 4);
  drawLights(pen, view, width, count, height);
}

// What the strips below the hypnogram are; the signals' own names stand in the same column.
function nameStrips(pen, view) {
  pen.fillStyle = ink(pen.canvas, '--quiet');
  const named = [['Hypnogram', 12]];
  if (view.probabilities) named.push(['Model', HYPNOGRAM + DENSITY / 2 + 3]);
  named.push(['Seen', HYPNOGRAM + DENSITY + 11]);
  if (view.probabilities) named.push(['To review', HYPNOGRAM + DENSITY + 22]);
  for (const [words, y] of named) pen.fillText(words, 4, y);
}

function drawTimes(pen, view, x) {
  const hours = view.stages.length / 120;
  const every = 3600 * (HOURS.find((one) => hours / one <= 10) ?? 8);
  pen.fillStyle = ink(pen.canvas, '--quiet');
  const [hour, minute, second] = view.clock(0).split(':').map(Number);
  const first = second === undefined ? every : every - (3600 * hour + 60 * minute + second) % every; // a full hour, where the clock is known
  for (let seconds = first; seconds < 30 * view.stages.length; seconds += every) {
    const words = view.clock(seconds).slice(0, 5);
    pen.fillRect(x(seconds / 30 + 1), HYPNOGRAM - 3, 1, 3);
    pen.fillText(words, x(seconds / 30 + 1) - pen.measureText(words).width / 2, STRIPS_END + 10);
  }
}

function drawProbabilities(pen, view, x, each) {
  if (!view.probabilities) return;
  for (const [k, row] of view.probabilities.entries()) {
    if (!row) continue;
    let top = HYPNOGRAM;
    for (const [c, label] of view.columns.entries()) {
      pen.fillStyle = ink(pen.canvas, SHADES[label]);
      pen.fillRect(x(k + 1), top, each, row[c] * DENSITY);
      top += row[c] * DENSITY;
    }
  }
}

function drawLights(pen, view, width, count, height) {
  for (const [name, seconds] of Object.entries(view.lights || {})) {
    if (seconds === null) continue;
    const at = placeOf(seconds / (30 * count), width);
    pen.fillStyle = ink(pen.canvas, '--ink');
    pen.fillRect(at - 1, 0, 2, height);
    const words = name === 'off_s' ? 'lights off' : 'lights on';
    const left = name === 'off_s' ? at + 3 : Math.max(LEFT, at - 46);
    pen.fillStyle = ink(pen.canvas, '--paper'); // over the times
    pen.fillRect(left - 2, STRIPS_END + 1, pen.measureText(words).width + 4, 12);
    pen.fillStyle = ink(pen.canvas, '--ink');
    pen.fillText(words, left, STRIPS_END + 10);
  }
}
