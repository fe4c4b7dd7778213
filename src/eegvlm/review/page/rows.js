// The row that larger and smaller act on: all of them, or the one that was chosen by its name or with the arrow keys.

import { note, page, shown } from './state.js';
import { draw } from './view.js';
import { load } from './signal_pages.js';
import { showMontage } from './montage.js';

const STEP = 1.25;
const rowOf = (name) => shown().find((row) => row.name === name) ?? null;

export function chooseRow(name) {
  page.row = name;
  draw();
  const row = rowOf(name);
  if (row) note(`${row.name}: + and - change this row alone; Escape takes all rows again.`);
}

export function stepRow(by) {
  const names = shown().map((row) => row.name);
  if (!names.length) return;
  const place = names.indexOf(page.row);
  chooseRow(names[place < 0 ? (by > 0 ? 0 : names.length - 1) : Math.min(names.length - 1, Math.max(0, place + by))]);
}

// Larger on the screen: fewer microvolt per 10 pixels.
export function rescale(larger) {
  const factor = larger ? 1 / STEP : STEP;
  const row = rowOf(page.row);
  if (row) {
    row.sensitivity = Number((row.sensitivity * factor).toPrecision(3));
    showMontage(page.rows, page.info.signals, load);
  } else page.gain *= factor;
  draw();
}
