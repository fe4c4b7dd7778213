// The night at a glance: hypnogram, the model's probabilities, what was seen and listed, lights, the page.

import { fit, ink, LEFT, RIGHT } from './drawing.js';

export const STAGES = ['W', 'R', 'N1', 'N2', 'N3'];
const SHADES = { W: '#c98a1b', N1: '#86b7d9', N2: '#3f7fb5', N3: '#1d3f72', R: '#b0413e', '?': '#888888' };
const [HYPNOGRAM, DENSITY] = [74, 28];

// The place of a share of the night on a canvas of some width, under the traces.
const placeOf = (share, width) => LEFT + share * (width - LEFT - RIGHT);

export const epochAt = (canvas, x, count) => {
  const width = canvas.getBoundingClientRect().width - LEFT - RIGHT;
  return Math.min(count, Math.max(1, Math.floor((x - LEFT) / width * count) + 1));
};
export const xOfTime = (canvas, seconds, count) => placeOf(seconds / (30 * count), canvas.getBoundingClientRect().width);

export function drawNavigator(canvas, view) {
  const { pen, width, height } = fit(canvas);
  const count = view.stages.length;
  const x = (epoch) => placeOf((epoch - 1) / count, width);
  const y = (label) => 8 + STAGES.indexOf(label) / 4 * (HYPNOGRAM - 16);
  const each = Math.max(1, (width - LEFT - RIGHT) / count);
  pen.font = '10px system-ui, sans-serif';
  pen.fillStyle = ink(pen.canvas, '--quiet');
  for (const label of STAGES) pen.fillText(label, LEFT - 22, y(label) + 3);
  pen.fillStyle = 'rgba(80, 140, 220, 0.25)';
  pen.fillRect(x(view.from), 0, x(view.to + 1) - x(view.from), height);
  drawProbabilities(pen, view, x, each);
  let previous = null;
  for (let k = 0; k < count; k++) {
    const label = view.stages[k];
    pen.fillStyle = SHADES[label];
    const at = x(k + 1);
    if (label === '?') { pen.fillRect(at, HYPNOGRAM - 5, each, 3); previous = null; continue; }
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
  for (const epoch of view.listed) pen.fillRect(x(epoch), strip + 7, Math.max(1, each), 4);
  pen.fillStyle = ink(pen.canvas, '--alarm');
  for (const epoch of view.differing) pen.fillRect(x(epoch), 0, Math.max(1, each), 4);
  drawLights(pen, view, width, count, height);
}

function drawProbabilities(pen, view, x, each) {
  if (!view.probabilities) return;
  for (const [k, row] of view.probabilities.entries()) {
    if (!row) continue;
    let top = HYPNOGRAM;
    for (const [c, label] of view.columns.entries()) {
      pen.fillStyle = SHADES[label];
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
    pen.fillText(name === 'off_s' ? 'lights off' : 'lights on', name === 'off_s' ? at + 3 : Math.max(LEFT, at - 46), height - 2);
  }
}
